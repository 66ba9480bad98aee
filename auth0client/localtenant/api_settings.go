package localtenant

import (
	"maps"
	"net/http"
	"strings"
)

// document is a piece of settings that is read and written as a whole.
type document struct {
	path, scope string // "guardian_factors" for read:guardian_factors and update:guardian_factors
	title       string
	body        shape
	puts        bool
	patches     bool
	unseen      bool     // cannot be read back
	hidden      []string // attributes that are written and never shown
	first       map[string]any
}

func settingRoutes() []route {
	var out []route
	for _, d := range documents() {
		read := func(c *call) reply { return ok(c.only(d.shown(c.setting(d.path)))) }
		if !d.unseen {
			r := on("GET "+d.path, read).needs("read:" + d.scope)
			if d.path == "tenants/settings" {
				r = r.asks(someFields())
			}
			out = append(out, r)
		}
		write := func(c *call) reply {
			if c.r.Method == http.MethodPut {
				c.settings.drop(d.path)
			}
			c.changeSetting(d.path, c.body)
			if strings.HasPrefix(d.path, "guardian/") {
				c.record("gd_tenant_update", nil, "Guardian - Updates tenant settings")
			}
			return ok(d.shown(c.setting(d.path)))
		}
		if d.puts {
			out = append(out, on("PUT "+d.path, write).needs("update:"+d.scope).takes(d.body).titled(d.title))
		}
		if d.patches {
			out = append(out, on("PATCH "+d.path, write).needs("update:"+d.scope).takes(d.body).titled(d.title))
		}
	}
	return out
}

func (d document) shown(v map[string]any) map[string]any {
	out := maps.Clone(v)
	for _, name := range d.hidden {
		delete(out, name)
	}
	return out
}

// setting is a document as it is now.
func (t *Tenant) setting(path string) map[string]any {
	out := map[string]any{}
	for _, d := range documents() {
		if d.path == path {
			maps.Copy(out, d.first)
		}
	}
	kept, _ := t.settings.at(path).(map[string]any)
	maps.Copy(out, kept)
	return out
}

// changeSetting takes attributes over into a document.
func (t *Tenant) changeSetting(path string, changes map[string]any) {
	now := map[string]any{}
	kept, _ := t.settings.at(path).(map[string]any)
	maps.Copy(now, kept)
	maps.Copy(now, changes)
	t.settings.set(path, now)
}

func documents() []document { return append(factorDocuments(), protectionDocuments()...) }

func factorDocuments() []document {
	text := func(high int) shape { return aText(1, high).orNull() }
	twilio := anObject(fields{"from": aText(0, 64).orNull(), "messaging_service_sid": text(1000), "auth_token": text(1000), "sid": text(1000)})
	templates := anObject(fields{"enrollment_message": aText(), "verification_message": aText()}, "enrollment_message", "verification_message")
	messages := map[string]any{"enrollment_message": "{{code}} is your verification code for {{tenant.friendly_name}}. Please enter this " +
		"code to verify your enrollment.", "verification_message": "{{code}} is your verification code for {{tenant.friendly_name}}"}
	provider := func(names ...string) shape { return anObject(fields{"provider": aChoice(names...)}, "provider") }
	duo := anObject(fields{"ikey": aText(0, 10000), "skey": aText(0, 10000), "host": aText(0, 10000)})
	apns := anObject(fields{"sandbox": aFlag(), "bundle_id": text(1000), "p12": text(10000)})
	sns := anObject(fields{"aws_access_key_id": text(1000), "aws_secret_access_key": text(1000), "aws_region": text(1000),
		"sns_apns_platform_application_arn": text(1000), "sns_gcm_platform_application_arn": text(1000)})
	f, push, scope := "guardian/factors/", "guardian/factors/push-notification/", "guardian_factors"
	by := map[string]any{"provider": "auth0"}
	return []document{
		{path: f + "duo/settings", scope: scope, title: "Set the DUO Configuration", body: duo, puts: true, patches: true},
		{path: f + "phone/message-types", scope: scope, title: "Update the Enabled Phone Factors", puts: true,
			body:  anObject(fields{"message_types": aList(aChoice("sms", "voice"))}, "message_types"),
			first: map[string]any{"message_types": []string{"sms"}}},
		{path: f + "phone/providers/twilio", scope: scope, title: "Update Twilio configuration", body: twilio, puts: true},
		{path: f + "phone/selected-provider", scope: scope, title: "Update phone provider configuration", puts: true,
			body: provider("auth0", "twilio", "phone-message-hook"), first: by},
		{path: f + "phone/templates", scope: scope, title: "Update Enrollment and Verification Phone Templates", body: templates, puts: true, first: messages},
		{path: f + "sms/providers/twilio", scope: scope, title: "Update Twilio SMS configuration", body: twilio, puts: true},
		{path: f + "sms/selected-provider", scope: scope, title: "Update SMS configuration", puts: true,
			body: provider("auth0", "twilio", "phone-message-hook"), first: by},
		{path: f + "sms/templates", scope: scope, title: "Update SMS enrollment and verification templates", body: templates, puts: true, first: messages},
		{path: push + "providers/apns", scope: scope, title: "Update APNS configuration", body: apns, puts: true, patches: true,
			hidden: []string{"p12"}, first: map[string]any{"sandbox": false}},
		{path: push + "providers/fcm", scope: scope, title: "Updates FCM configuration", puts: true, patches: true, unseen: true,
			body: anObject(fields{"server_key": text(152)}), hidden: []string{"server_key"}},
		{path: push + "providers/fcmv1", scope: scope, title: "Updates FCMV1 configuration", puts: true, patches: true, unseen: true,
			body: anObject(fields{"server_credentials": text(10000)}), hidden: []string{"server_credentials"}},
		{path: push + "providers/sns", scope: scope, title: "Configure AWS SNS configuration", body: sns, puts: true, patches: true},
		{path: push + "selected-provider", scope: scope, title: "Update Push Notification configuration", puts: true,
			body: provider("guardian", "sns", "direct"), first: map[string]any{"provider": "guardian"}},
	}
}

func protectionDocuments() []document {
	scope, at := "attack_protection", "attack-protection/"
	shields := func(names ...string) shape { return aList(aChoice(names...)) }
	when := aChoice("never", "when_risky", "always")
	addresses := aList(aText())
	stage := func(most, rate int) shape {
		return anObject(fields{"max_attempts": aNumber(1, most), "rate": aNumber(rate, 86400000)})
	}
	leaked := func() shape { return anObject(fields{"shields": shields("block", "admin_notification")}) }
	none := func() map[string]any { return map[string]any{"shields": []string{}} }
	return []document{
		{path: at + "brute-force-protection", scope: scope, title: "Update Brute-force settings", patches: true,
			body: anObject(fields{"enabled": aFlag(), "shields": shields("block", "user_notification"), "allowlist": addresses,
				"mode": aChoice("count_per_identifier_and_ip", "count_per_identifier"), "max_attempts": aNumber(1, 100)}),
			first: map[string]any{"enabled": true, "shields": []string{"block", "user_notification"}, "mode": "count_per_identifier_and_ip",
				"allowlist": []string{}, "max_attempts": 10}},
		{path: at + "suspicious-ip-throttling", scope: scope, title: "Update Suspicious IP Throttling settings", patches: true,
			body: anObject(fields{"enabled": aFlag(), "shields": shields("block", "admin_notification"), "allowlist": addresses,
				"stage": anObject(fields{"pre-login": stage(2500, 34560), "pre-user-registration": stage(72000, 1200)})}),
			first: map[string]any{"enabled": true, "shields": []string{"admin_notification", "block"}, "allowlist": []string{},
				"stage": map[string]any{"pre-login": map[string]any{"max_attempts": 100, "rate": 864000},
					"pre-user-registration": map[string]any{"max_attempts": 50, "rate": 1200}}}},
		{path: at + "breached-password-detection", scope: scope, title: "Update Breached Password Detection settings", patches: true,
			body: anObject(fields{"enabled": aFlag(), "shields": shields("block", "user_notification", "admin_notification"),
				"admin_notification_frequency": shields("immediately", "daily", "weekly", "monthly"), "method": aChoice("standard", "enhanced"),
				"stage": anObject(fields{"pre-user-registration": leaked(), "pre-change-password": leaked()})}),
			first: map[string]any{"enabled": true, "shields": []string{"block", "user_notification"}, "admin_notification_frequency": []string{},
				"method": "standard", "stage": map[string]any{"pre-user-registration": none(), "pre-change-password": none()}}},
		{path: at + "bot-detection", scope: scope, title: "Update Bot Detection settings", patches: true,
			body: anObject(fields{"bot_detection_level": aChoice("low", "medium", "high"), "challenge_password_policy": when,
				"challenge_passwordless_policy": when, "challenge_password_reset_policy": when, "allowlist": addresses, "monitoring_mode_enabled": aFlag()}),
			first: map[string]any{"bot_detection_level": "medium", "challenge_password_policy": "when_risky", "allowlist": []string{},
				"challenge_passwordless_policy": "when_risky", "challenge_password_reset_policy": "never", "monitoring_mode_enabled": false}},
		{path: "risk-assessments/settings", scope: scope, title: "Update risk assessment settings", patches: true,
			body: anObject(fields{"enabled": aFlag()}, "enabled"), first: map[string]any{"enabled": false}},
		{path: "risk-assessments/settings/new-device", scope: scope, title: "Update new device assessor", patches: true,
			body: anObject(fields{"remember_for": aNumber(1, 365)}, "remember_for"), first: map[string]any{"remember_for": 30}},
		{path: "tenants/settings", scope: "tenant_settings", title: "Update tenant settings", patches: true, body: tenantSettings(),
			first: map[string]any{"friendly_name": "Example Shop", "support_email": "support@example.com", "support_url": "https://example.com/support",
				"allowed_logout_urls": []string{}, "enabled_locales": []string{"en"}, "session_lifetime": 168, "idle_session_lifetime": 72,
				"sandbox_version": "22", "device_flow": map[string]any{"charset": "base20", "mask": "****-****"},
				"flags": map[string]any{"allow_changing_enable_sso": false, "disable_impersonation": true, "enable_sso": true,
					"revoke_refresh_token_grant": false, "disable_clickjack_protection_headers": false}}},
	}
}

// tenantSettings are those of the tenant that are of use to a console or to setting one up.
func tenantSettings() shape {
	return anObject(fields{"friendly_name": aText(), "picture_url": aText(), "support_email": aText(), "support_url": aText(),
		"allowed_logout_urls": aList(aText()), "enabled_locales": aList(aText(), 1), "session_lifetime": aNumber(1, -1),
		"idle_session_lifetime": aNumber(1, -1), "default_audience": aText(), "default_directory": aText(), "default_redirection_uri": aText(),
		"sandbox_version": aText(0, 8), "flags": free(), "change_password": free(), "guardian_mfa_page": free(), "error_page": free(),
		"universal_login": free(), "device_flow": anObject(fields{"charset": aChoice("base20", "digits"), "mask": aText(0, 20)})})
}
