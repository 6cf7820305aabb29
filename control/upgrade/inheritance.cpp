#include "control/upgrade/inheritance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "proxy/base/log.h"

namespace switchyard::control::upgrade {
namespace {

using switchyard::net::Descriptor;
// Longer than any phase of the other one: it says so where it gives up.
constexpr std::chrono::seconds kPatience{60};

// So many of the front as the message's list says, each with its name.
Result<std::vector<std::pair<Descriptor, std::string>>> named(const Json& names, std::vector<Descriptor>& from) {
    std::vector<std::pair<Descriptor, std::string>> out;
    if (!names.is_array() || names.size() > from.size())
        return problems::internal("fewer sockets came than were announced");
    std::size_t next = 0;
    for (const auto& name : names) out.emplace_back(std::move(from[next++]), name.is_string() ? name : Json(""));
    from.erase(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(next));
    return out;
}

Result<void> take(Inheritance& to, Message message) {
    auto& from = message.descriptors;
    if (from.size() < 2) return problems::internal("neither lock nor admin socket came");
    to.lock = std::move(from[0]);
    to.admin = std::move(from[1]);
    from.erase(from.begin(), from.begin() + 2);
    if (message.body.value("tickets", false) && !from.empty()) {
        to.tickets = std::move(from.front());
        from.erase(from.begin());
    }
    auto listeners = named(message.body.value("listeners", Json::array()), from);
    if (!listeners) return listeners.error();
    to.listeners = std::move(*listeners);
    to.predecessors = std::move(from);
    to.state = std::move(message.body);
    return {};
}

std::string with_why(std::string text, const Json& message) {
    const auto why = message.value("why", std::string());
    return why.empty() ? text : std::move(text) + ": " + why;
}

}  // namespace

Result<std::shared_ptr<Inheritance>> Inheritance::meet(Descriptor line, Json hello, const Rehearse& rehearse) {
    using Event = HeirMachine::Event;
    using Act = HeirMachine::Act;
    auto out = std::make_shared<Inheritance>();
    Channel channel(std::move(line));
    hello["type"] = "hello";
    hello["pid"] = ::getpid();
    hello["counts"] = true;
    channel.send(hello);
    const auto refuse = [&](const std::string& why) {
        channel.send({{"type", "refused"}, {"why", why}});
        return problems::internal(why);
    };
    while (out->machine.phase() != HeirMachine::Phase::taking) {
        auto message = channel.receive(kPatience);
        if (!message) return problems::internal("the process before is not heard of: " + message.error().detail);
        const auto type = message->type();
        if (type == "refused") return problems::conflict(with_why("the running proxy refuses", message->body));
        const auto event = type == "rehearse" ? Event::rehearse : type == "state" ? Event::state : Event::abort;
        for (const auto act : out->machine.on(event)) {
            if (act == Act::exit)
                return problems::internal(with_why("the process before goes on by itself", message->body));
            if (act == Act::rehearse) {
                auto sockets = named(message->body.value("listeners", Json::array()), message->descriptors);
                if (!sockets) return refuse(sockets.error().detail);
                const auto went = rehearse(message->body, std::move(*sockets));
                if (!went) {
                    std::string why = went.error().detail;
                    for (const auto& error : went.error().errors)
                        why += fmt::format("; {}: {}", error.pointer, error.detail);
                    return refuse(why);
                }
                channel.send({{"type", "ready"}, {"rehearsed", *went}});
            }
            if (act == Act::take)
                if (auto taken = take(*out, std::move(*message)); !taken) return refuse(taken.error().detail);
        }
    }
    out->elder = Descriptor(::fcntl(channel.descriptor(), F_DUPFD_CLOEXEC, 0));
    return out;
}

}  // namespace switchyard::control::upgrade
