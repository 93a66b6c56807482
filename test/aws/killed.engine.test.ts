import { killedScenarios } from "../support/fleet/killed.ts";
import { awsFleet } from "../support/aws/fleet.ts";

killedScenarios("AWS", awsFleet);
