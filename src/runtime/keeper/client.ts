// The control plane's and the CLI's side of protocol.ts. What a keeper answers is trusted in its shape: it is the
// same program, and its socket is open to the mesh's own user alone; only errors are looked into.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { SallyportError } from '../../platform/errors.ts';
import { requestJson, streamLines, type UnixHttpRequest } from '../../platform/unix-http.ts';
import type { Ended, ExecPlan, KeeperConfig, KeeperEvent, KeeperStatus, PodSpec, PodStatus, SandboxRequest, SandboxStatus } from '../protocol.ts';
