// The recipes of the website, kept in memory: the last ones, newest first.

export interface Recipe {
  readonly id: string;
  readonly title: string;
}

export interface Cookbook {
  add(recipe: Recipe): void;
  recipes(): readonly Recipe[];
}

const most = 50;

export function createCookbook(): Cookbook {
  let recipes: readonly Recipe[] = [];
  return {
    add(recipe) {
      recipes = [recipe, ...recipes].slice(0, most);
    },
    recipes: () => recipes,
  };
}
