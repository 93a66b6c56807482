/** Waits for what another process or server does. */
export async function until(condition: () => boolean, seconds = 120): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > seconds * 10) throw new Error(`not done within ${seconds} seconds`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
