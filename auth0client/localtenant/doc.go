// Package localtenant is an embedded tenant that answers like Auth0 over real HTTP: OAuth with the device flow, signing
// keys, the Management API, its rate limits and its errors. State is in memory and real: what is written is read back.
// It serves demonstrations without an account, and tests. Faults can be switched on to see how a client bears them.
package localtenant
