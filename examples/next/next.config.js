// Without it Next looks for the root among the folders above, by their lock files.
export default { turbopack: { root: import.meta.dirname } }
