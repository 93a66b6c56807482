/** PID 1. */
export const INIT = String.raw`#!/bin/sh
`;
