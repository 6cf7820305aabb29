// The handlers that the route table names; each file handlers_<noun>.cpp holds those of one noun.
#pragma once

#include "control/admin/call/context.h"
#include "control/admin/call/message.h"

namespace switchyard::control::handlers {

void healthz(Context&, const AdminRequest&, Respond);
void readyz(Context&, const AdminRequest&, Respond);
void metrics(Context&, const AdminRequest&, Respond);
void openapi(Context&, const AdminRequest&, Respond);
void status(Context&, const AdminRequest&, Respond);
void get_config(Context&, const AdminRequest&, Respond);
void put_config(Context&, const AdminRequest&, Respond);
void apply_config(Context&, const AdminRequest&, Respond);
void check_config(Context&, const AdminRequest&, Respond);
void switch_route(Context&, const AdminRequest&, Respond);
void put_split(Context&, const AdminRequest&, Respond);
void get_upstreams(Context&, const AdminRequest&, Respond);
void get_upstream(Context&, const AdminRequest&, Respond);
void get_discovery(Context&, const AdminRequest&, Respond);
void put_route(Context&, const AdminRequest&, Respond);
void delete_route(Context&, const AdminRequest&, Respond);
void put_rule(Context&, const AdminRequest&, Respond);
void delete_rule(Context&, const AdminRequest&, Respond);
void put_upstream(Context&, const AdminRequest&, Respond);
void delete_upstream(Context&, const AdminRequest&, Respond);
void put_endpoint(Context&, const AdminRequest&, Respond);
void delete_endpoint(Context&, const AdminRequest&, Respond);
void set_endpoint_state(Context&, const AdminRequest&, Respond);
void post_changes(Context&, const AdminRequest&, Respond);
void confirm(Context&, const AdminRequest&, Respond);
void get_generations(Context&, const AdminRequest&, Respond);
void get_generation(Context&, const AdminRequest&, Respond);
void diff_generations(Context&, const AdminRequest&, Respond);
void undo(Context&, const AdminRequest&, Respond);
void get_audit(Context&, const AdminRequest&, Respond);
void verify_audit(Context&, const AdminRequest&, Respond);
void get_drains(Context&, const AdminRequest&, Respond);
void get_drain(Context&, const AdminRequest&, Respond);
void explain(Context&, const AdminRequest&, Respond);
void post_rollout(Context&, const AdminRequest&, Respond);
void get_rollouts(Context&, const AdminRequest&, Respond);
void get_rollout(Context&, const AdminRequest&, Respond);
void get_rollout_report(Context&, const AdminRequest&, Respond);
void get_rollout_page(Context&, const AdminRequest&, Respond);
void promote_rollout(Context&, const AdminRequest&, Respond);
void pause_rollout(Context&, const AdminRequest&, Respond);
void resume_rollout(Context&, const AdminRequest&, Respond);
void abort_rollout(Context&, const AdminRequest&, Respond);
void post_release(Context&, const AdminRequest&, Respond);
void get_releases(Context&, const AdminRequest&, Respond);
void get_release(Context&, const AdminRequest&, Respond);
void post_release_step(Context&, const AdminRequest&, Respond);
void post_release_alive(Context&, const AdminRequest&, Respond);
void undo_release(Context&, const AdminRequest&, Respond);
void get_certificates(Context&, const AdminRequest&, Respond);
void reload_certificates(Context&, const AdminRequest&, Respond);
void renew_certificate(Context&, const AdminRequest&, Respond);
void series(Context&, const AdminRequest&, Respond);
void begin_session(Context&, const AdminRequest&, Respond);
void get_session(Context&, const AdminRequest&, Respond);
void end_session(Context&, const AdminRequest&, Respond);
void make_session_code(Context&, const AdminRequest&, Respond);
void exchange_session_code(Context&, const AdminRequest&, Respond);
void get_upgrade(Context&, const AdminRequest&, Respond);
void post_upgrade(Context&, const AdminRequest&, Respond);
void finish_upgrade(Context&, const AdminRequest&, Respond);
void events(Context&, const AdminRequest&, Respond);

}  // namespace switchyard::control::handlers
