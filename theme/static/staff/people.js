// Who runs the houses that this person reaches, and what the houses are called.
let everybody = [];
let houses = new Map();

export function learn(found) {
  everybody = found;
}

export const house = {
  learn: (found) => (houses = new Map(found.map(({ slug, name }) => [slug, name]))),
  count: () => houses.size,
  called: (slug) => houses.get(slug) ?? slug,
  slugs: () => [...houses.keys()],
  names: () => [...houses.values()],
};

export const people = {
  of: (slug) => everybody.filter(({ property }) => property === slug),
  onDuty: () => everybody.filter(({ is_on_duty: isOnDuty }) => isOnDuty),
};

export const nameOf = (id) => everybody.find((person) => person.id === id)?.name ?? "";
