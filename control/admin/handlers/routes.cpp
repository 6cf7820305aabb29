// Every operation of the admin API, a row each.
#include "control/admin/call/route_table.h"
#include "control/admin/handlers/handlers.h"

namespace switchyard::control {
namespace {

using A = AdminRoute::Access;
namespace h = handlers;

// The handler at its desk, which is made of the Context.
template <auto kHandler>
void at(Context& context, const AdminRequest& request, Respond respond) {
    kHandler(context, request, std::move(respond));
}

// clang-format off
constexpr AdminRoute kRoutes[] = {
    {"GET", "/healthz", A::open, false, "healthz", "The process is alive", "", "", "", at<h::healthz>},
    {"GET", "/readyz", A::open, false, "readyz", "Every worker routes by the generation in force and every endpoint was checked once", "", "", "", at<h::readyz>},
    {"GET", "/metrics", A::viewer, false, "metrics", "Prometheus metrics", "", "", "", at<h::metrics>},
    {"GET", "/v1/openapi.json", A::viewer, false, "openapi", "This document", "", "OpenApi", "", at<h::openapi>},
    {"GET", "/v1/status", A::viewer, false, "status", "Generation, workers, routes, upstreams, rates", "", "Status", "", at<h::status>},
    {"GET", "/v1/series", A::viewer, false, "series", "The last ten minutes, second by second: requests, errors, p50 and p99 of routes and upstreams", "", "Series", "after", at<h::series>},
    {"GET", "/v1/config", A::viewer, false, "getConfig", "The configuration in force, canonical, secrets hidden", "", "Config", "", at<h::get_config>},
    {"PUT", "/v1/config", A::admin, true, "putConfig", "Replace the whole configuration", "Config", "Receipt", "", at<h::put_config>},
    {"POST", "/v1/config/apply", A::admin, true, "applyConfig", "Take a configuration file over: what changed in it since the last one is applied to what is in force", "Config", "Receipt", "file_wins", at<h::apply_config>},
    {"POST", "/v1/config/check", A::operate, false, "checkConfig", "Validate a configuration and show what it would change", "Config", "Check", "", at<h::check_config>},
    {"POST", "/v1/routes/{route}/switch", A::operate, true, "switchRoute", "All traffic of the route's split to one upstream", "Switch", "Receipt", "", at<h::switch_route>},
    {"PUT", "/v1/routes/{route}/split", A::operate, true, "setSplit", "Set the weights of the route's split", "Split", "Receipt", "", at<h::put_split>},
    {"POST", "/v1/routes/{route}/hold", A::operate, true, "holdRoute", "Keep the route's requests waiting for a while, or answer them with a page", "Hold", "Receipt", "", at<h::hold_route>},
    {"POST", "/v1/routes/{route}/resume", A::operate, true, "resumeRoute", "Let the requests of a held route go on", "Resume", "Receipt", "", at<h::resume_route>},
    {"PUT", "/v1/routes/{route}", A::admin, true, "putRoute", "Add a route or replace all of it", "Route", "Receipt", "", at<h::put_route>},
    {"DELETE", "/v1/routes/{route}", A::admin, true, "deleteRoute", "Remove a route", "", "Receipt", "", at<h::delete_route>},
    {"PUT", "/v1/routes/{route}/rules/{rule}", A::operate, true, "putRule", "Add a rule or replace it", "Rule", "Receipt", "", at<h::put_rule>},
    {"DELETE", "/v1/routes/{route}/rules/{rule}", A::operate, true, "deleteRule", "Remove a rule", "", "Receipt", "", at<h::delete_rule>},
    {"PUT", "/v1/upstreams/{upstream}", A::admin, true, "putUpstream", "Add an upstream or replace all of it", "UpstreamSettings", "Receipt", "", at<h::put_upstream>},
    {"DELETE", "/v1/upstreams/{upstream}", A::admin, true, "deleteUpstream", "Remove an upstream that nothing names", "", "Receipt", "", at<h::delete_upstream>},
    {"GET", "/v1/upstreams", A::viewer, false, "getUpstreams", "All upstreams with the state of their endpoints", "", "Upstreams", "", at<h::get_upstreams>},
    {"GET", "/v1/upstreams/{upstream}", A::viewer, false, "getUpstream", "One upstream with the state of its endpoints, now or when so many are healthy", "", "Upstream", "healthy wait", at<h::get_upstream>},
    {"GET", "/v1/upstreams/{upstream}/discovery", A::viewer, false, "getDiscovery", "How its endpoints are discovered: the source, the roll, what a guard holds, what happened", "", "Discovery", "", at<h::get_discovery>},
    {"PUT", "/v1/upstreams/{upstream}/endpoints/{address}", A::admin, true, "putEndpoint", "Add an endpoint or replace its settings", "Endpoint", "Receipt", "", at<h::put_endpoint>},
    {"DELETE", "/v1/upstreams/{upstream}/endpoints/{address}", A::admin, true, "deleteEndpoint", "Remove an endpoint", "", "Receipt", "", at<h::delete_endpoint>},
    {"POST", "/v1/upstreams/{upstream}/endpoints/{address}/state", A::operate, true, "setEndpointState", "Take an endpoint out (drain, maint) and back (up)", "EndpointState", "Receipt", "", at<h::set_endpoint_state>},
    {"POST", "/v1/changes", A::operate, true, "change", "Several edits as one generation, with preconditions", "Changes", "Receipt", "", at<h::post_changes>},
    {"POST", "/v1/changes/{generation}/confirm", A::operate, false, "confirm", "Keep a change that was made with confirm_within, or wait on for it", "Confirmation", "Confirmed", "", at<h::confirm>},
    {"GET", "/v1/generations", A::viewer, false, "getGenerations", "The history, newest first", "", "Generations", "before limit", at<h::get_generations>},
    {"GET", "/v1/generations/{generation}", A::viewer, false, "getGeneration", "One generation with its configuration", "", "Generation", "", at<h::get_generation>},
    {"GET", "/v1/generations/{generation}/diff/{other}", A::viewer, false, "diffGenerations", "What changes from one generation to another, in words and as JSON Patch", "", "Diff", "", at<h::diff_generations>},
    {"POST", "/v1/undo", A::operate, true, "undo", "Return to an earlier generation, as a new one", "Undo", "Receipt", "", at<h::undo>},
    {"GET", "/v1/audit", A::viewer, false, "getAudit", "Who did what, when, from where and why; newest first", "", "Audit", "before limit", at<h::get_audit>},
    {"GET", "/v1/audit/verify", A::viewer, false, "verifyAudit", "Check the hash chain of the audit", "", "AuditVerdict", "anchor", at<h::verify_audit>},
    {"GET", "/v1/drains", A::viewer, false, "getDrains", "Drains, newest first", "", "Drains", "", at<h::get_drains>},
    {"GET", "/v1/drains/{id}", A::viewer, false, "getDrain", "One drain, now or when it has ended", "", "Drain", "wait", at<h::get_drain>},
    {"POST", "/v1/explain", A::viewer, false, "explain", "What the data plane would do with a request, and why", "Question", "Explanation", "", at<h::explain>},
    {"POST", "/v1/rollouts", A::operate, false, "startRollout", "Begin a rollout", "Plan", "Rollout", "", at<h::post_rollout>},
    {"GET", "/v1/rollouts", A::viewer, false, "getRollouts", "Rollouts, newest first", "", "Rollouts", "", at<h::get_rollouts>},
    {"GET", "/v1/rollouts/{rollout}", A::viewer, false, "getRollout", "One rollout: its steps, evidence, and why it waits", "", "Rollout", "", at<h::get_rollout>},
    {"GET", "/v1/rollouts/{rollout}/report", A::viewer, false, "getRolloutReport", "The whole record of a rollout", "", "Rollout", "", at<h::get_rollout_report>},
    {"GET", "/v1/rollouts/{rollout}/report.html", A::viewer, false, "getRolloutPage", "The record as a self-contained page", "", "", "", at<h::get_rollout_page>},
    {"POST", "/v1/rollouts/{rollout}/promote", A::operate, false, "promoteRollout", "Go on to the next step", "", "Rollout", "", at<h::promote_rollout>},
    {"POST", "/v1/rollouts/{rollout}/pause", A::operate, false, "pauseRollout", "Hold the weights", "", "Rollout", "", at<h::pause_rollout>},
    {"POST", "/v1/rollouts/{rollout}/resume", A::operate, false, "resumeRollout", "Go on after a pause", "", "Rollout", "", at<h::resume_rollout>},
    {"POST", "/v1/rollouts/{rollout}/abort", A::operate, false, "abortRollout", "Give all traffic back", "", "Rollout", "", at<h::abort_rollout>},
    {"POST", "/v1/releases", A::operate, false, "beginRelease", "Begin a release of a route, or go on with one", "ReleaseBeginning", "Release", "", at<h::post_release>},
    {"GET", "/v1/releases", A::viewer, false, "getReleases", "Releases, newest first", "", "Releases", "route", at<h::get_releases>},
    {"GET", "/v1/releases/{release}", A::viewer, false, "getRelease", "One release: who, what, its steps and what became of it", "", "Release", "", at<h::get_release>},
    {"POST", "/v1/releases/{release}/steps", A::operate, false, "recordReleaseStep", "What happened to a step, as its runner says", "ReleaseStep", "Release", "", at<h::post_release_step>},
    {"POST", "/v1/releases/{release}/alive", A::operate, false, "keepRelease", "The runner is still there", "ReleaseAlive", "ReleaseKept", "", at<h::post_release_alive>},
    {"POST", "/v1/releases/{release}/undo", A::operate, true, "undoRelease", "The route's traffic as it was before the release", "ReleaseUndo", "Receipt", "", at<h::undo_release>},
    {"GET", "/v1/certificates", A::viewer, false, "getCertificates", "The certificates, what they name, and how near their end is", "", "Certificates", "", at<h::get_certificates>},
    {"POST", "/v1/certificates/reload", A::operate, false, "reloadCertificates", "Look at the files of all certificates now; answers when what they hold is in force", "", "Certificates", "", at<h::reload_certificates>},
    {"POST", "/v1/certificates/{certificate}/renew", A::operate, false, "renewCertificate", "Ask the authority of the certificate for a new one now, whatever its time is and whatever has failed", "", "Certificates", "", at<h::renew_certificate>},
    {"POST", "/v1/session", A::viewer, false, "beginSession", "A session for a browser, begun with a token: a cookie, and what has to come with it", "", "Session", "", at<h::begin_session>},
    {"GET", "/v1/session", A::viewer, false, "getSession", "Who calls, and with which role", "", "Session", "", at<h::get_session>},
    {"DELETE", "/v1/session", A::viewer, false, "endSession", "End the session that calls", "", "Session", "", at<h::end_session>},
    {"POST", "/v1/session/code", A::viewer, false, "makeSessionCode", "A code that begins one session within a minute", "", "SessionCode", "", at<h::make_session_code>},
    {"POST", "/v1/session/exchange", A::open, false, "exchangeSessionCode", "Begin a session with a code", "SessionExchange", "Session", "", at<h::exchange_session_code>},
    {"POST", "/v1/upgrade", A::admin, false, "startUpgrade", "Start a process from a program that takes this one's place without a lost connection", "UpgradeOrder", "Upgrade", "", at<h::post_upgrade>},
    {"GET", "/v1/upgrade", A::viewer, false, "getUpgrade", "The newest upgrade, and the processes of before that still finish what they have", "", "Upgrade", "", at<h::get_upgrade>},
    {"POST", "/v1/upgrade/finish", A::admin, false, "finishUpgrade", "End what the processes of before still have, now", "", "Upgrade", "", at<h::finish_upgrade>},
    {"GET", "/v1/events", A::viewer, false, "events", "Server-sent events; Last-Event-ID resumes", "", "", "after", at<h::events>},
};
// clang-format on

}  // namespace

std::span<const AdminRoute> admin_routes() {
    return kRoutes;
}

}  // namespace switchyard::control
