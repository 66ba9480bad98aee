package auth0client

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"time"

	"usher/auth0client/term"
)

// tenantKept is how long what changes seldom is kept: connections, APIs and applications.
const tenantKept = 5 * time.Minute

// Connection is where users come from.
type Connection struct {
	ID       string
	Name     string // exact, for API calls
	Label    term.Safe
	Strategy term.Safe
	Options  ConnectionOptions
}

// ConnectionOptions are what a form must know of a connection. The zero value stands for options that the operator or the
// gateway's own token may not see.
type ConnectionOptions struct {
	Known             bool
	PasswordPolicy    string // none, low, fair, good or excellent
	MinLength         int
	NoPersonalInfo    bool // a password may hold no part of the user's data
	NoCommon          bool // a password may not be a well-known one
	History           int  // how many former passwords may not come again
	RequiresUsername  bool
	UsernameMin       int
	UsernameMax       int
	DisableSignup     bool
	SyncEachLogin     bool // profile attributes are overwritten at each sign-in
	ImportMode        bool
	BruteForceProtect bool
}

// Database reports that users of the connection have a password here.
func (c Connection) Database() bool { return c.Strategy.String() == "auth0" }

type connectionJSON struct {
	ID       text `json:"id"`
	Name     text `json:"name"`
	Display  text `json:"display_name"`
	Strategy text `json:"strategy"`
	Options  *struct {
		Policy     text `json:"passwordPolicy"`
		Complexity struct {
			Min number `json:"min_length"`
		} `json:"password_complexity_options"`
		Personal struct {
			On flag `json:"enable"`
		} `json:"password_no_personal_info"`
		Dictionary struct {
			On flag `json:"enable"`
		} `json:"password_dictionary"`
		History struct {
			On   flag   `json:"enable"`
			Size number `json:"size"`
		} `json:"password_history"`
		Username   flag `json:"requires_username"`
		Validation struct {
			Username struct {
				Min number `json:"min"`
				Max number `json:"max"`
			} `json:"username"`
		} `json:"validation"`
		Closed flag `json:"disable_signup"`
		Sync   text `json:"set_user_root_attributes"`
		Import flag `json:"import_mode"`
		Brute  flag `json:"brute_force_protection"`
	} `json:"options"`
}

func (c connectionJSON) connection() Connection {
	out := Connection{ID: string(c.ID), Name: string(c.Name), Label: c.Name.line(), Strategy: c.Strategy.line()}
	if o := c.Options; o != nil {
		out.Options = ConnectionOptions{Known: true, PasswordPolicy: o.Policy.line().String(), MinLength: int(o.Complexity.Min), RequiresUsername: bool(o.Username),
			UsernameMin: int(o.Validation.Username.Min), UsernameMax: int(o.Validation.Username.Max), DisableSignup: bool(o.Closed),
			SyncEachLogin: o.Sync != "on_first_login" && o.Sync != "never_on_login", ImportMode: bool(o.Import), BruteForceProtect: bool(o.Brute),
			NoPersonalInfo: bool(o.Personal.On), NoCommon: bool(o.Dictionary.On)}
		if o.History.On {
			out.Options.History = max(1, int(o.History.Size))
		}
	}
	return out
}

// Connections reads the tenant's connections and keeps them for a while.
func (c *Client) Connections(ctx context.Context) ([]Connection, error) {
	return kept(c, &c.connections, func() ([]Connection, error) {
		return whole(mostSessions, func(from *string) (Batch[Connection], error) {
			more := url.Values{"take": {strconv.Itoa(take)}}
			if from != nil {
				more.Set("from", *from)
			}
			body, err := c.get(ctx, "read the connections", "connections", more)
			if err != nil {
				return Batch[Connection]{}, err
			}
			return batch(body, connectionJSON.connection, "connections")
		})
	})
}

// ConnectionsKept are the connections if they were read lately. It asks nobody.
func (c *Client) ConnectionsKept() ([]Connection, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connections.value, !c.connections.at.IsZero() && c.now().Sub(c.connections.at) < tenantKept
}

// remembered is an answer that is kept for a while.
type remembered[T any] struct {
	value T
	at    time.Time
}

func kept[T any](c *Client, into *remembered[T], read func() (T, error)) (T, error) {
	c.mu.Lock()
	if !into.at.IsZero() && c.now().Sub(into.at) < tenantKept {
		defer c.mu.Unlock()
		return into.value, nil
	}
	c.mu.Unlock()
	v, err := read()
	if err != nil {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	*into = remembered[T]{v, c.now()}
	return v, nil
}

// API is a resource server with the permissions it knows.
type API struct {
	Identifier  string // exact, for API calls
	Name        term.Safe
	System      bool
	Permissions []Permission
}

type apiJSON struct {
	Identifier text `json:"identifier"`
	Name       text `json:"name"`
	System     flag `json:"is_system"`
	Scopes     []struct {
		Value       text `json:"value"`
		Description text `json:"description"`
	} `json:"scopes"`
}

func (a apiJSON) api() API {
	out := API{Identifier: string(a.Identifier), Name: a.Name.line(), System: bool(a.System)}
	for _, s := range a.Scopes {
		out.Permissions = append(out.Permissions, Permission{Name: s.Value.line(), Description: s.Description.line(), API: a.Name.line(), APIID: a.Identifier.line(),
			Ref: PermissionRef{string(a.Identifier), string(s.Value)}})
	}
	return out
}

// APIs reads the tenant's APIs and keeps them for a while.
func (c *Client) APIs(ctx context.Context) ([]API, error) {
	return kept(c, &c.apis, func() ([]API, error) {
		return paged(func(page int) ([]byte, error) {
			return c.get(ctx, "read the APIs", "resource-servers", url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(take)}, "include_totals": {"true"}})
		}, apiJSON.api, "resource_servers")
	})
}

// Application is a client of the tenant. Its secrets are never read.
type Application struct {
	ID   string
	Name term.Safe
	// ForOrganizations: members of organizations sign in to it. Where that may not be seen no application has it.
	ForOrganizations bool
}

// Applications reads the names of the tenant's applications and keeps them for a while.
func (c *Client) Applications(ctx context.Context) ([]Application, error) {
	return kept(c, &c.applications, func() ([]Application, error) {
		type clientJSON struct {
			ID    text `json:"client_id"`
			Name  text `json:"name"`
			Usage text `json:"organization_usage"`
		}
		return paged(func(page int) ([]byte, error) {
			return c.get(ctx, "read the applications", "clients", url.Values{
				"fields": {"client_id,name,organization_usage"}, "include_fields": {"true"}, "page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(take)},
			})
		}, func(a clientJSON) Application {
			return Application{string(a.ID), a.Name.line(), a.Usage == "allow" || a.Usage == "require"}
		}, "clients")
	})
}

// Logs reads a page of the tenant's log that fits a query in Auth0's log syntax, newest first. Auth0 pages 1,000 entries.
func (c *Client) Logs(ctx context.Context, query string, page, perPage int) ([]LogEvent, error) {
	more := url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(perPage)}, "sort": {"date:-1"}}
	if query != "" {
		more.Set("q", query)
	}
	body, err := c.get(ctx, "search the log", "logs", more)
	if err != nil {
		return nil, err
	}
	return logEvents(body)
}

// LogsAfter reads up to take entries after a log id, oldest first: the way to follow the log.
func (c *Client) LogsAfter(ctx context.Context, id string, take int) ([]LogEvent, error) {
	body, err := c.get(ctx, "follow the log", "logs", url.Values{"from": {id}, "take": {strconv.Itoa(take)}})
	if err != nil {
		return nil, err
	}
	return logEvents(body)
}

// Day is what happened on one day.
type Day struct {
	Date                    time.Time
	Logins, Signups, Leaked int
}

// DailyStats reads the days of a span, oldest first. Days without any sign-in are absent.
func (c *Client) DailyStats(ctx context.Context, from, to time.Time) ([]Day, error) {
	body, err := c.get(ctx, "read the statistics", "stats/daily", url.Values{"from": {from.UTC().Format("20060102")}, "to": {to.UTC().Format("20060102")}})
	if err != nil {
		return nil, err
	}
	type dayJSON struct {
		Date    moment `json:"date"`
		Logins  number `json:"logins"`
		Signups number `json:"signups"`
		Leaked  number `json:"leaked_passwords"`
	}
	return rows(body, func(d dayJSON) Day { return Day{d.Date.Time, int(d.Logins), int(d.Signups), int(d.Leaked)} })
}

// ActiveUsers is how many users signed in within 30 days.
func (c *Client) ActiveUsers(ctx context.Context) (int, error) {
	body, err := c.get(ctx, "count the active users", "stats/active-users", nil)
	if err != nil {
		return 0, err
	}
	var n number
	if err := json.Unmarshal(body, &n); err != nil {
		return 0, badAnswer(err)
	}
	return int(n), nil
}

func isNotFound(err error) bool {
	var gone *NotFound
	return errors.As(err, &gone)
}

// Creates reports that users of the connection can be made through the API: those of databases and passwordless ones.
//
// Source: POST /api/v2/users, "Connection does not support user creation through the API".
func (c Connection) Creates() bool {
	switch c.Strategy.String() {
	case "auth0", "email", "sms":
		return true
	}
	return false
}
