// The alerting rules and the dashboard that docs/ ships, as files: what promtool and Grafana ask of them. The live mesh behind
// them is test/feature/alerts.test.ts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readDashboard } from '../support/grafana-dashboard.ts';
import { needs } from '../support/requires.ts';

const rules = join(import.meta.dirname, '../../docs/prometheus');

test('the alerting rules fire and rest as their own tests say', needs('prometheus'), () => {
  execFileSync('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: rules });
  execFileSync('promtool', ['test', 'rules', 'alerts-test.yaml'], { cwd: rules });
});

test('the dashboard has panels of its own numbers that do not lie on each other, and chooses its data source', () => {
  const { panels, templating } = readDashboard();
  assert.ok(panels.length > 10);
  const ids = panels.map(({ id }) => id);
  assert.deepEqual(ids, [...new Set(ids)]);
  assert.deepEqual(
    templating.list.map(({ name, type }) => `${name} ${type}`),
    ['datasource datasource', 'namespace query'],
  );
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    assert.ok(x + w <= 24);
    return Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}/${y + Math.floor(cell / w)}`);
  });
  assert.equal(new Set(cells).size, cells.length);
});
