// `beforeSend` with the named form: the events are objects already.

export const events = (body) => {
  const { views, vitals = [], requests = [], errors = [], actions = [] } = JSON.parse(body)
  return [...views, ...vitals, ...requests, ...errors, ...actions]
}
