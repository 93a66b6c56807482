import { fleetScenarios } from "../support/fleet/scenarios.ts";
import { gcpFleet } from "../support/gcp/fleet.ts";

fleetScenarios("Google Cloud", gcpFleet);
