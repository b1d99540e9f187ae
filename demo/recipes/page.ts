// The pages of the website. Invariant: what a visitor wrote is shown as text, never read as HTML.
import type { Recipe } from './cookbook.ts';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function textPage(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

export function recipesPage(recipes: readonly Recipe[]): Page {
  const items = recipes.map(({ id, title }) => `<li>${escapeHtml(title)} <code>${escapeHtml(id)}</code></li>`);
  const list = items.length > 0 ? `<ul>\n${items.join('\n')}\n</ul>` : '<p>No recipes yet.</p>';
  const form = '<form method="post" action="/recipes"><input name="title"> <button>Share</button></form>';
  const head = '<head><meta charset="utf-8"><title>Recipes</title></head>';
  const body = `<body>\n<h1>Recipes</h1>\n${form}\n${list}\n</body>`;
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: `<!DOCTYPE html>\n<html>\n${head}\n${body}\n</html>\n`,
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
