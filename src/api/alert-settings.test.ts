import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertSettings, checkAlertSettings, defaultAlertSettings } from './alert-settings.ts';
import { formatPath } from './finding.ts';

const prefix = 'alerts.egress.sallyport.dev/';

test('what is not said is the default, and other annotations say nothing', () => {
  assert.deepEqual(alertSettings(undefined), defaultAlertSettings);
  assert.deepEqual(alertSettings({ 'egress.sallyport.dev/allowed-ranges': '10.0.0.0/8' }), defaultAlertSettings);
});

test('each setting is read', () => {
  const said = {
    off: 'ip-literal, first-seen',
    learning: '1h30m',
    'blocked-calls': '50',
    'blocked-hosts': '3',
    'bytes-out-minimum': '500Ki',
    'bytes-out-factor': '20',
    'resolve-after': '90s',
  };
  const annotations = Object.fromEntries(Object.entries(said).map(([name, text]) => [prefix + name, text]));
  assert.deepEqual([...checkAlertSettings(annotations)], []);
  assert.deepEqual(alertSettings(annotations), {
    off: ['first-seen', 'ip-literal'],
    learningMs: 5_400_000,
    blockedCalls: 50,
    blockedHosts: 3,
    bytesOutMinimum: 512_000,
    bytesOutFactor: 20,
    resolveAfterMs: 90_000,
  });
});

test('what cannot be read is the default and a mistake with place and mend', () => {
  const wrong = {
    'blocked-call': '5',
    'blocked-calls': '0',
    learning: '10',
    off: 'all',
    'bytes-out-minimum': '10MB',
    constructor: 'x',
  };
  const annotations = Object.fromEntries(Object.entries(wrong).map(([name, text]) => [prefix + name, text]));
  assert.deepEqual(alertSettings(annotations), defaultAlertSettings);
  assert.deepEqual(
    [...checkAlertSettings(annotations)].map(({ code, path, hint }) => `${code} ${formatPath(path)} ${hint}`),
    [
      `SP0407 metadata.annotations["${prefix}blocked-call"] did you mean 'blocked-calls'?`,
      `SP0408 metadata.annotations["${prefix}blocked-calls"] write a whole number from 1 to 999999`,
      `SP0408 metadata.annotations["${prefix}learning"] write a duration such as 90s, 10m or 1h30m`,
      `SP0408 metadata.annotations["${prefix}off"] write some of first-seen, blocked-burst, ip-literal, name-mismatch, bytes-out, separated by commas`,
      `SP0408 metadata.annotations["${prefix}bytes-out-minimum"] write a number of bytes such as 500Ki, 10Mi or 2Gi`,
      `SP0407 metadata.annotations["${prefix}constructor"] there are off, learning, blocked-calls, blocked-hosts, bytes-out-minimum, bytes-out-factor, resolve-after`,
    ],
  );
});
