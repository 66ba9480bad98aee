package localtenant

import (
	"time"

	"usher/auth0client/lucene"
)

// Visit shows the log search an entry without writing it out: there may be a million.
func (e *logEntry) Visit(f *lucene.Field, v lucene.Visitor) bool {
	if e.fresh != nil {
		return e.fresh.visit(e.v.t, f.ID, v)
	}
	p := e.v.past
	old := &p.Events[e.past]
	switch f.ID {
	case lucene.FieldLogID:
		return v.Text(oldLogID(old, e.past))
	case lucene.FieldDate:
		return v.Time(time.UnixMilli(old.At))
	case lucene.FieldType:
		return v.Text(p.Kinds[old.Kind].Type)
	case lucene.FieldDescription:
		return shown(p.Kinds[old.Kind].Description, v)
	case lucene.FieldClientID, lucene.FieldClientName:
		return e.v.t.visitClient(p.Clients[old.Client], f.ID, v)
	case lucene.FieldIP:
		return v.Text(addressOf(old.IP))
	case lucene.FieldUserAgent:
		return shown(p.Agents[old.Agent], v)
	}
	if old.Person == nobody {
		return false
	}
	who := &p.People[old.Person]
	switch f.ID {
	case lucene.FieldUserID:
		return shown(who.ID, v)
	case lucene.FieldUserName:
		return shown(who.Name, v)
	}
	return e.v.t.visitConnection(who.Connection, f.ID, v)
}

// visit shows an event that happened since the start.
func (e *logEvent) visit(t *Tenant, id lucene.FieldID, v lucene.Visitor) bool {
	switch id {
	case lucene.FieldLogID:
		return v.Text(e.ID)
	case lucene.FieldDate:
		return v.Time(e.At)
	case lucene.FieldType:
		return v.Text(e.Type)
	case lucene.FieldDescription:
		return shown(e.Description, v)
	case lucene.FieldClientID, lucene.FieldClientName:
		return t.visitClient(e.ClientID, id, v)
	case lucene.FieldIP:
		return shown(e.IP, v)
	case lucene.FieldUserAgent:
		return shown(e.Agent, v)
	case lucene.FieldUserID:
		return shown(e.UserID, v)
	case lucene.FieldUserName:
		return shown(e.UserName, v)
	}
	return t.visitConnection(e.Connection, id, v)
}

func (t *Tenant) visitClient(clientID string, id lucene.FieldID, v lucene.Visitor) bool {
	if id == lucene.FieldClientID {
		return shown(clientID, v)
	}
	c := t.clientByID(clientID)
	return c != nil && shown(c.Name, v)
}

func (t *Tenant) visitConnection(name string, id lucene.FieldID, v lucene.Visitor) bool {
	if id == lucene.FieldConnection {
		return shown(name, v)
	}
	cn := t.connectionNamed(name)
	switch {
	case cn == nil:
		return false
	case id == lucene.FieldConnectionID:
		return v.Text(cn.ID)
	case id == lucene.FieldStrategy:
		return v.Text(cn.Strategy)
	case id == lucene.FieldStrategyType && cn.Strategy == "auth0":
		return v.Text("database")
	}
	return false
}

// shown shows a text, unless there is none.
func shown(s string, v lucene.Visitor) bool { return s != "" && v.Text(s) }

// oldLogID is what logID gives for an event of the past, several times faster.
func oldLogID(e *pastEvent, place uint32) string {
	id := [56]byte{'9', '0', '0'}
	put := func(from, to int, n uint64) {
		for i := to - 1; i >= from; i-- {
			id[i] = '0' + byte(n%10)
			n /= 10
		}
	}
	at := time.UnixMilli(e.At).UTC()
	year, month, day := at.Date()
	hour, minute, second := at.Clock()
	date := uint64(year*10_000 + int(month)*100 + day)
	put(3, 11, date)
	put(11, 17, uint64(hour*10_000+minute*100+second))
	put(17, 20, uint64(at.Nanosecond()/int(time.Millisecond)))
	put(20, 56, uint64(e.Tail)<<16|uint64(place&0xffff))
	return string(id[:])
}
