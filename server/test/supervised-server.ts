// The looping server as a user would keep it running: started and started again by a supervisor.
// Run by watchdog.test.ts in a process of its own.
import { supervise } from '../src/supervisor.ts';

process.exitCode = await supervise(new URL('./looping-server.ts', import.meta.url));
