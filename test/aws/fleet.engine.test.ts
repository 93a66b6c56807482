import { fleetScenarios } from "../support/fleet/scenarios.ts";
import { awsFleet } from "../support/aws/fleet.ts";

fleetScenarios("AWS", awsFleet);
