#include "control/opened_releases.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "control/base/timestamp.h"
#include "proxy/base/log.h"

namespace switchyard::control {

std::chrono::milliseconds OpenedReleases::now() const {
    using std::chrono::milliseconds;
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::string OpenedReleases::timestamp() const {
    return control::timestamp(std::chrono::system_clock::now());
}

const config::Model& OpenedReleases::model() const {
    return controller_.model();
}

std::uint64_t OpenedReleases::generation() const {
    return controller_.generation();
}

// A rollout of that route, from there to there, whatever began it: what the runner did last it may not have written
// down.
std::string OpenedReleases::abort_rollout(const release::Release& release) {
    const auto live = rollouts_.find(rollouts_.held_by(release.route));
    if (!live || !live->machine().active()) return {};
    const auto& plan = live->machine().plan();
    if (plan.from != release.from || plan.to != release.to) return {};
    if (auto aborted = live->abort("release " + release.id); !aborted) {
        log_error("rollout {}: {}", live->id(), aborted.error().detail);
        return {};
    }
    return live->id();
}

// In order, and not answered before it is durable (admin/repeated_replies.h). What the disk refuses is said, and
// is with the next writing of the same record.
void OpenedReleases::give(StoreWriter::Write write) {
    controller_.writer().write(std::move(write), [](const Result<void>& kept) {
        if (!kept) log_error("{}", kept.error().detail);
    });
}

Result<void> OpenedReleases::keep(const std::string& id, const std::string& text) {
    give([id, text](Store& store) { return store.put_release(id, text); });
    return {};
}

Result<void> OpenedReleases::forget(const std::vector<std::string>& ids) {
    give([ids](Store& store) { return store.drop_releases(ids); });
    return {};
}

void OpenedReleases::note(const std::string& verb, const Caller& caller, const std::string& line) {
    const AuditEntry entry{0,      timestamp(), caller.who, caller.from, verb, caller.reason, controller_.generation(),
                           {line}, {},          {}};
    give([entry](Store& store) { return store.note(entry); });
}

void OpenedReleases::event(nlohmann::ordered_json body) {
    controller_.events().add("release", std::move(body));
}

}  // namespace switchyard::control
