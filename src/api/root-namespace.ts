// Where the mesh's own objects are: what is said there holds for every namespace (Istio's meshConfig.rootNamespace).
export const rootNamespace = 'istio-system';
