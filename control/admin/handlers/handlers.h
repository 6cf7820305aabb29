// The handlers that the route table names; each file handlers_<noun>.cpp holds those of one noun, each handler names
// its desk (desks.h).
#pragma once

#include "control/admin/call/message.h"
#include "control/admin/handlers/desks.h"

namespace switchyard::control::handlers {

void healthz(Context&, const AdminRequest&, Respond);
void readyz(Context&, const AdminRequest&, Respond);
void metrics(Context&, const AdminRequest&, Respond);
void openapi(Context&, const AdminRequest&, Respond);
void status(Context&, const AdminRequest&, Respond);
void get_config(const InForceDesk&, const AdminRequest&, Respond);
void put_config(const DocumentDesk&, const AdminRequest&, Respond);
void apply_config(const DocumentDesk&, const AdminRequest&, Respond);
void check_config(const DocumentDesk&, const AdminRequest&, Respond);
void switch_route(const RolloutDesk&, const AdminRequest&, Respond);
void hold_route(const ChangeDesk&, const AdminRequest&, Respond);
void resume_route(const ChangeDesk&, const AdminRequest&, Respond);
void put_split(const ChangeDesk&, const AdminRequest&, Respond);
void get_upstreams(Context&, const AdminRequest&, Respond);
void get_upstream(Context&, const AdminRequest&, Respond);
void get_discovery(Context&, const AdminRequest&, Respond);
void put_route(const ChangeDesk&, const AdminRequest&, Respond);
void delete_route(const ChangeDesk&, const AdminRequest&, Respond);
void put_rule(const ChangeDesk&, const AdminRequest&, Respond);
void delete_rule(const ChangeDesk&, const AdminRequest&, Respond);
void put_upstream(const ChangeDesk&, const AdminRequest&, Respond);
void delete_upstream(const ChangeDesk&, const AdminRequest&, Respond);
void put_endpoint(const ChangeDesk&, const AdminRequest&, Respond);
void delete_endpoint(const ChangeDesk&, const AdminRequest&, Respond);
void set_endpoint_state(const ChangeDesk&, const AdminRequest&, Respond);
void post_changes(const ChangeDesk&, const AdminRequest&, Respond);
void confirm(const ChangeDesk&, const AdminRequest&, Respond);
void get_generations(const HistoryDesk&, const AdminRequest&, Respond);
void get_generation(const HistoryDesk&, const AdminRequest&, Respond);
void diff_generations(const HistoryDesk&, const AdminRequest&, Respond);
void undo(const ChangeDesk&, const AdminRequest&, Respond);
void get_audit(const HistoryDesk&, const AdminRequest&, Respond);
void verify_audit(const HistoryDesk&, const AdminRequest&, Respond);
void get_drains(const InForceDesk&, const AdminRequest&, Respond);
void get_drain(Context&, const AdminRequest&, Respond);
void explain(const ExplainDesk&, const AdminRequest&, Respond);
void post_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void get_rollouts(const RolloutDesk&, const AdminRequest&, Respond);
void get_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void get_rollout_report(const RolloutDesk&, const AdminRequest&, Respond);
void get_rollout_page(const RolloutDesk&, const AdminRequest&, Respond);
void promote_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void pause_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void resume_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void abort_rollout(const RolloutDesk&, const AdminRequest&, Respond);
void post_release(const ReleaseDesk&, const AdminRequest&, Respond);
void get_releases(const ReleaseDesk&, const AdminRequest&, Respond);
void get_release(const ReleaseDesk&, const AdminRequest&, Respond);
void post_release_step(const ReleaseDesk&, const AdminRequest&, Respond);
void post_release_alive(const ReleaseDesk&, const AdminRequest&, Respond);
void undo_release(const ReleaseDesk&, const AdminRequest&, Respond);
void get_certificates(const CertificateDesk&, const AdminRequest&, Respond);
void reload_certificates(const CertificateDesk&, const AdminRequest&, Respond);
void renew_certificate(const CertificateDesk&, const AdminRequest&, Respond);
void series(const SeriesDesk&, const AdminRequest&, Respond);
void begin_session(const SessionDesk&, const AdminRequest&, Respond);
void get_session(const SessionDesk&, const AdminRequest&, Respond);
void end_session(const SessionDesk&, const AdminRequest&, Respond);
void make_session_code(const SessionDesk&, const AdminRequest&, Respond);
void exchange_session_code(const SessionDesk&, const AdminRequest&, Respond);
void get_upgrade(Context&, const AdminRequest&, Respond);
void post_upgrade(Context&, const AdminRequest&, Respond);
void finish_upgrade(Context&, const AdminRequest&, Respond);
void events(Context&, const AdminRequest&, Respond);

}  // namespace switchyard::control::handlers
