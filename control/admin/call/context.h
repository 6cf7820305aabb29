// What the handlers of the admin API work on.
//
// Threads: control. Owns nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/acme/acme.h"
#include "control/admin/call/browser_sessions.h"
#include "control/admin/call/failed_attempts.h"
#include "control/admin/call/repeated_replies.h"
#include "control/admin/call/tokens.h"
#include "control/base/timestamp.h"
#include "control/certificates/certificates.h"
#include "control/core/aside.h"
#include "control/core/controller.h"
#include "control/discovery/runner/discovery.h"
#include "control/metrics/series.h"
#include "control/metrics/totals.h"
#include "control/names/names.h"
#include "control/release/book/releases.h"
#include "control/rollout/runner/rollouts.h"
#include "control/upgrade/succession.h"
#include "control/watch/ejection.h"
#include "control/watch/health_checker.h"
#include "proxy/base/held_exchange.h"
#include "proxy/snapshot/registry.h"

namespace switchyard::control {

struct Context {
    using Json = upgrade::Json;
    boost::asio::any_io_executor executor;
    Controller& controller;
    Aside& aside;
    Registry& registry;
    HealthChecker& health;
    Ejection& ejection;
    Names& names;
    Certificates& certificates;
    acme::Acme& acme;
    discovery::Discovery& discovery;
    std::function<bool()> settled;  // every endpoint was checked and every name and source asked once: a latch
    Totals& totals;
    Series& series;
    rollout::Rollouts& rollouts;
    release::Releases& releases;
    Tokens tokens;
    FailedAttempts failed;
    std::string config_file;
    std::string version;
    WallTime started{};
    std::vector<std::string> notices;                 // what the operator should know: a state file set aside, …
    std::map<std::string, unsigned> event_readers{};  // streams of events that are open, by name of the token
    std::chrono::steady_clock::time_point up_since = std::chrono::steady_clock::now();  // the wall clock may be set
    RepeatedReplies replies{controller.store(), controller.writer()};
    BrowserSessions sessions{};
    // Another process takes this one's place: how that goes, its beginning, and the end of those before.
    std::function<Json()> upgrade{};
    std::function<void(const upgrade::Order&, std::function<void(Result<Json>)> begun)> start_upgrade{};
    std::function<void()> finish_upgrade{};
    // Of what a drain waits for the oldest, so many of each worker: once for each that answers.
    std::function<void(const Drain&, std::size_t most, const std::function<void(std::vector<HeldExchange>)>&)> oldest{};
};

}  // namespace switchyard::control
