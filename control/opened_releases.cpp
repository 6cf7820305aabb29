#include "control/opened_releases.h"

#include <chrono>

#include "control/base/timestamp.h"
#include "proxy/base/log.h"

namespace switchyard::control {
namespace {

// In order, and not answered before it is durable (admin/repeated_replies.h). What the disk refuses is said, and
// is with the next writing of the same record.
void give(Controller& controller, StoreWriter::Write write) {
    controller.writer().write(std::move(write), [](const Result<void>& kept) {
        if (!kept) log_error("{}", kept.error().detail);
    });
}

// A rollout of that route, from there to there, whatever began it: what the runner did last it may not have written
// down.
std::string abort_rollout_of(rollout::Rollouts& rollouts, const release::Release& release) {
    const auto live = rollouts.find(rollouts.held_by(release.route));
    if (!live || !live->machine().active()) return {};
    const auto& plan = live->machine().plan();
    if (plan.from != release.from || plan.to != release.to) return {};
    if (auto aborted = live->abort("release " + release.id); !aborted) {
        log_error("rollout {}: {}", live->id(), aborted.error().detail);
        return {};
    }
    return live->id();
}

}  // namespace

std::unique_ptr<release::Releases> open_releases(Controller& controller, rollout::Rollouts& rollouts) {
    using std::chrono::milliseconds;
    release::Releases::Ports ports;
    ports.now = [] {
        return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
    };
    ports.timestamp = [] { return timestamp(std::chrono::system_clock::now()); };
    ports.model = [&controller]() -> const config::Model& { return controller.model(); };
    ports.generation = [&controller] { return controller.generation(); };
    ports.keep = [&controller](const std::string& id, const std::string& text) {
        give(controller, [id, text](Store& store) { return store.put_release(id, text); });
        return Result<void>();
    };
    ports.forget = [&controller](const std::vector<std::string>& ids) {
        give(controller, [ids](Store& store) { return store.drop_releases(ids); });
        return Result<void>();
    };
    ports.note = [&controller](const std::string& verb, const Caller& caller, const std::string& line) {
        const AuditEntry entry{0,
                               timestamp(std::chrono::system_clock::now()),
                               caller.who,
                               caller.from,
                               verb,
                               caller.reason,
                               controller.generation(),
                               {line},
                               {},
                               {}};
        give(controller, [entry](Store& store) { return store.note(entry); });
    };
    ports.event = [&controller](nlohmann::ordered_json body) { controller.events().add("release", std::move(body)); };
    ports.abort_rollout = [&rollouts](const release::Release& release) { return abort_rollout_of(rollouts, release); };
    return std::make_unique<release::Releases>(std::move(ports));
}

}  // namespace switchyard::control
