package localtenant

import (
	"time"
)

// jobLife is how long the data of a job is kept.
const jobLife = 24 * time.Hour

// What a job is and how far it is, in Auth0's words.
const (
	jobVerification = "verification_email"
	jobImport       = "users_import"
	jobExport       = "users_export"

	jobPending    = "pending"
	jobProcessing = "processing"
	jobCompleted  = "completed"
	jobFailed     = "failed"
)

// job is work on many users, or a mail. It goes from pending to processing to completed, each a lag of the tenant later.
type job struct {
	ID, Type, Status, Details string
	Created                   time.Time
	ConnectionID, Connection  string
	UserID                    string
	ExternalID                string
	Format                    string
	Limit                     int
	Fields                    []exportField
	Upsert                    bool
	Rows                      []map[string]any // to import; gone when it is done
	Summary                   *jobSummary
	Errors                    []rowError
}

type jobSummary struct{ Failed, Updated, Inserted, Total int }

// rowError is what was wrong with one user of an import.
type rowError struct {
	User                map[string]any
	Code, Message, Path string
}

func jobRoutes() []route {
	read := []string{"create:users", "read:users"}
	verify := anObject(fields{"user_id": aText().like("user-id"), "client_id": aText().like("client-id"), "identity": identityBody(aText(1)),
		"organization_id": aText().like("organization-id")}, "user_id")
	imports := on("POST jobs/users-imports", importUsers).needs("create:users").titled("Create import users job")
	imports.form = true
	return []route{
		on("POST jobs/verification-email", sendVerification).needs("update:users").takes(verify).titled("Send an email address verification email"),
		imports,
		on("POST jobs/users-exports", exportUsers).needs("read:users").takes(exportBody()).titled("Create export users job"),
		on("GET jobs/*", readJob).needs(read...),
		on("GET jobs/*/errors", jobErrors).needs(read...),
	}
}

func (j *job) json(t *Tenant) map[string]any {
	out := map[string]any{"id": j.ID, "type": j.Type, "status": j.Status, "created_at": stamp(j.Created)}
	for name, v := range map[string]string{"connection_id": j.ConnectionID, "connection": j.Connection, "external_id": j.ExternalID,
		"format": j.Format, "status_details": j.Details} {
		if v != "" {
			out[name] = v
		}
	}
	if j.Limit > 0 {
		out["limit"] = j.Limit
	}
	if len(j.Fields) > 0 {
		out["fields"] = fieldRows(j.Fields)
	}
	if j.Summary != nil {
		out["summary"] = map[string]any{"failed": j.Summary.Failed, "updated": j.Summary.Updated, "inserted": j.Summary.Inserted, "total": j.Summary.Total}
	}
	if j.Type == jobExport {
		out["connection"] = j.Connection
	}
	if j.Type == jobExport && j.Status == jobProcessing {
		out["percentage_done"], out["time_left_seconds"] = 50, int((t.lag()+time.Second-1)/time.Second)
	}
	if j.Type == jobExport && j.Status == jobCompleted {
		out["percentage_done"], out["time_left_seconds"] = 100, 0
		out["location"] = t.exportLocation(j)
	}
	return out
}

// begin stores a new job and has it done later. It answers as it was accepted.
func (c *call) begin(j *job) map[string]any {
	j.ID, j.Status, j.Created = "job_"+pick(c.ids, 16, alnum), jobPending, c.now().UTC()
	c.jobs.set(j.ID, j)
	out := j.json(c.Tenant)
	c.later(advanceJob, j.ID, "")
	return out
}

// advance takes a job one step on. at is when the step was due.
func (t *Tenant) advance(j *job, at time.Time) {
	next := *j
	switch {
	case j.Status == jobPending && j.Type != jobVerification:
		next.Status = jobProcessing
	case j.Status == jobCompleted || j.Status == jobFailed:
		return
	default:
		next.Status = jobCompleted
		if j.Type == jobImport {
			t.runImport(&next)
		}
	}
	t.jobs.set(j.ID, &next)
	if next.Status == jobProcessing {
		t.after(at, advanceJob, j.ID, "")
	}
}

// sendVerification queues a mail. There is none in a local tenant: the log tells of it.
func sendVerification(c *call) reply {
	if !c.users.has(c.text("user_id")) {
		return badRequest("The user does not exist.", "inexistent_user")
	}
	u, about, bad := c.ticketUser()
	if bad != nil {
		return *bad
	}
	cn := c.connectionNamed(about.Connection)
	switch {
	case cn == nil:
		return badRequest("connection does not exist.", "inexistent_connection")
	case cn.Strategy != "auth0":
		return badRequest("Connection must be a database connection.", "operation_not_supported")
	case len(cn.Clients) == 0:
		return badRequest("Connection must be enabled.", "operation_not_supported")
	case about.address(u) == "":
		return badRequest("User does not have an email address.", "operation_not_supported")
	}
	c.record("svr", u, "")
	return created(c.begin(&job{Type: jobVerification, UserID: u.ID}))
}

// job is the job of the path, as long as it is kept.
func (c *call) job() *job {
	j := c.jobs.at(c.arg(0))
	if j != nil && c.now().Sub(j.Created) > jobLife {
		c.jobs.drop(j.ID)
		return nil
	}
	return j
}

func noJob() reply { return notFound("Job not found.", "inexistent_job") }

func readJob(c *call) reply {
	j := c.job()
	if j == nil {
		return noJob()
	}
	return ok(j.json(c.Tenant))
}

// jobErrors are those of an import: none until there are some.
func jobErrors(c *call) reply {
	j := c.job()
	switch {
	case j == nil:
		return notFound("The job does not exist", "inexistent_job")
	case len(j.Errors) == 0:
		return nothing()
	}
	rows := []any{}
	for _, e := range j.Errors {
		problem := map[string]any{"code": e.Code, "message": e.Message}
		if e.Path != "" {
			problem["path"] = e.Path
		}
		rows = append(rows, map[string]any{"user": e.User, "errors": []any{problem}})
	}
	// As recorded, this one answer names no character set.
	return reply{status: 200, body: rows, kind: "application/json"}
}
