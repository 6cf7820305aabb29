// What may take this process's place, and how that begins: a program that is started, or one that has come by itself
// (docs/operations.md).
#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "control/control_members.h"
#include "control/upgrade/inheritance.h"
#include "proxy/net/poller.h"

namespace switchyard::control {

using upgrade::HeirMachine;
using upgrade::Json;

namespace {

// A worker is back from what it does within milliseconds; with many other things to do the machine takes longer.
constexpr std::chrono::seconds kSeen{5};

}  // namespace

Result<void> Control::Members::may_be_replaced() const {
    if (!deciding || ending || !admin) return problems::conflict("this process is not in charge, or ends");
    if (heritage && heritage->machine.phase() != HeirMachine::Phase::alone)
        return problems::conflict("this process is on probation itself; wait until it is over");
    if (!state_dir->unwritable().empty())
        return problems::conflict("the state folder cannot be written: there is nothing to hand on");
    if (!controller->unstored().commits.empty()) return problems::conflict("what is in force is not durable yet");
    return {};
}

void Control::Members::start_upgrade(upgrade::Order order, std::function<void(Result<Json>)> begun) {
    if (::getpid() == 1)
        return begun(problems::conflict(fmt::format(
            "this process is the first of its container, which ends with it: start the next container beside it with "
            "switchyard run --takeover {}/{}, or let the orchestrator replace it",
            state_dir->path(), upgrade::kUpgradeSocket)));
    if (order.binary.empty()) order.binary = binary;
    // Each worker sees it before there are copies.
    switchyard::net::copies_of_descriptors(true);
    const auto most = std::make_shared<boost::asio::steady_timer>(io, kSeen);
    const auto once = std::make_shared<bool>(false);
    const auto over = [begun](const Result<Json>& how) {
        switchyard::net::copies_of_descriptors(false);
        begun(how);
    };
    most->async_wait([most, once, over](boost::system::error_code ec) {
        if (!ec && !std::exchange(*once, true))
            over(problems::conflict("a worker does not answer: wait until it does (status)"));
    });
    pool->reach([this, most, once, over, order] {
        if (std::exchange(*once, true)) return;
        most->cancel();
        begin_upgrade(
            order, [this](const upgrade::Order& each) { return succession->start(each); }, over);
    });
}

void Control::Members::came(std::unique_ptr<upgrade::Channel> line, const Json& hello) {
    auto order = upgrade::order_of(hello);
    order.by = upgrade::kUpgradeSocket;
    const std::shared_ptr<upgrade::Channel> caller = std::move(line);
    const auto begun = [caller](const Result<Json>& taken) {
        if (!taken) upgrade::UpgradeSocket::refuse(*caller, taken.error().detail);
    };
    if (auto why = upgrade::why_not(order); !why.empty()) return begun(problems::invalid(std::move(why)));
    begin_upgrade(
        order, [this, caller, hello](const upgrade::Order& each) { return succession->take(each, caller, hello); },
        begun);
}

void Control::Members::begin_upgrade(upgrade::Order order, std::function<Result<Json>(const upgrade::Order&)> begin,
                                     std::function<void(Result<Json>)> begun) {
    if (auto may = may_be_replaced(); !may) return begun(may.error());
    if (!predecessors->full()) return begun(begin(order));
    if (order.cut_oldest) {
        predecessors->cut_oldest();
        return begun(begin(order));
    }
    predecessors->ask_oldest([this, order, begin, begun](const std::optional<upgrade::Ages>& ages) {
        if (auto may = may_be_replaced(); !may) return begun(may.error());
        if (predecessors->full()) {
            if (auto why = upgrade::why_not_ended(ages, order.drain_within); !why.empty())
                return begun(problems::conflict(std::move(why)));
            predecessors->cut_oldest();
        }
        begun(begin(order));
    });
}

}  // namespace switchyard::control
