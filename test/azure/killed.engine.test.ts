import { killedScenarios } from "../support/fleet/killed.ts";
import { azureFleet } from "../support/azure/fleet.ts";

killedScenarios("Azure", azureFleet);
