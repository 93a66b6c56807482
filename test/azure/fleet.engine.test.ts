import { fleetScenarios } from "../support/fleet/scenarios.ts";
import { azureFleet } from "../support/azure/fleet.ts";

fleetScenarios("Azure", azureFleet);
