#include "config/nginx_import/guards.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/check/http_syntax.h"
#include "config/model/cidr.h"
#include "config/model/limits.h"
#include "config/model/listener.h"

namespace switchyard::config::nginx {

namespace {

// Parts of a guard that guard nothing by themselves.
constexpr std::array<std::string_view, 6> kParts{"auth_basic_user_file", "auth_request_set",     "auth_delay",
                                                 "auth_jwt_key_file",    "auth_jwt_key_request", "auth_jwt_type"};

bool is_part(std::string_view name) {
    return std::ranges::find(kParts, name) != kParts.end();
}

// Whether a directive lets only some requests in, of which Switchyard cannot tell.
bool guards(const Directive& directive) {
    const std::string& name = directive.name;
    if (name == "ssl_verify_client") return directive.arg(0) == "on";
    return (name.starts_with("auth_") && !is_part(name)) || name.starts_with("access_by_lua") || name == "js_access";
}

bool is_address(std::string_view name) {
    return name == "allow" || name == "deny";
}

// Whom `allow` or `deny` names; nothing for what has no address, such as unix:.
std::optional<Formula> named(const Directive& directive) {
    if (directive.arg(0) == "all") return Formula::constant(true);
    if (!Cidr::parse(directive.arg(0))) return std::nullopt;
    Condition condition;
    condition.test = Condition::Test::in;
    condition.values = {directive.arg(0)};
    return Formula::of(std::move(condition));
}

}  // namespace

bool Guards::knows(std::string_view name) {
    return is_address(name) || name == "satisfy" || name == "limit_except" ||
           (name.starts_with("auth_") && !is_part(name)) || name.starts_with("access_by_lua") || name == "js_access" ||
           name == "ssl_verify_client";
}

Guards Guards::under(const std::vector<Directive>& block) const {
    Guards inner = *this;
    std::vector<const Directive*> addresses;
    for (const Directive& directive : block) {
        if (is_address(directive.name)) addresses.push_back(&directive);
        if (directive.name == "satisfy") inner.any_ = directive.arg(0) == "any";
        if (directive.name == "set_real_ip_from") inner.real_ip_ = true;
        if (directive.name == "real_ip_header") inner.real_ip_header_ = directive.arg(0);
        const bool off = directive.arg(0) == "off";
        if (off) inner.others_.erase(directive.name);
        if (guards(directive) && !off) inner.others_[directive.name] = &directive;
    }
    if (!addresses.empty()) inner.addresses_ = std::move(addresses);
    return inner;
}

Formula Guards::denied() const {
    // The first that names the client decides; whom none names is let in. Neighbours of one kind are one list.
    if (by_address() && reads_another_address()) return Formula::constant(true);
    constexpr int kMostLists = limits::kConditionDepth / 3;  // each nests two conditions
    Formula out = Formula::constant(false);
    int lists = 0;
    for (auto last = addresses_.rbegin(); last != addresses_.rend();) {
        const bool allows = (*last)->name == "allow";
        Formula who = Formula::constant(false);
        for (; last != addresses_.rend() && ((*last)->name == "allow") == allows; ++last) {
            const auto one = named(**last);
            if (!one && !allows) return Formula::constant(true);
            if (one) who = either(*one, who);  // else it lets in only clients that cannot be told here: none
        }
        if (who.condition.values.size() > limits::kConditionValues || ++lists > kMostLists)
            return Formula::constant(true);
        out = allows ? both(negated(who), out) : either(who, out);
    }
    return out;
}

// In nginx the first that names the client decides, here the narrowest. What stands behind a wider block never decides
// there, and of blocks that are left the narrower stands first: both are the same.
std::optional<Access> Guards::access() const {
    if (denied().kind != Formula::Kind::depends) return std::nullopt;
    Access out;
    std::vector<Cidr> before;
    bool refuses = false, all = false;
    for (const Directive* directive : addresses_) {
        const bool allows = directive->name == "allow";
        auto& list = allows ? out.allow : out.deny;
        if (directive->arg(0) == "all") {
            // Whom no list names is refused where some are let in.
            if (allows ? !out.allow.empty() : out.allow.empty()) list.emplace_back(kAllClients);
            all = true;
            refuses = refuses || !allows;
            break;
        }
        const auto block = Cidr::parse(directive->arg(0));
        if (!block) return std::nullopt;
        const auto covers = [&](const Cidr& wider) {
            return wider.ipv6 == block->ipv6 && wider.prefix <= block->prefix &&
                   wider.contains(std::span(block->bytes).first(block->ipv6 ? 16 : 4));
        };
        if (std::ranges::any_of(before, covers)) continue;
        before.push_back(*block);
        list.push_back(directive->arg(0));
        refuses = refuses || !allows;
    }
    if (!refuses) return Access{};
    if (!all && !out.allow.empty()) out.allow.emplace_back(kAllClients);
    return out;
}

void Guards::go_by(const Listener& listener) {
    std::string header = listener.client_header.empty() ? "X-Forwarded-For" : listener.client_header;
    if (listener.trusted_proxies.empty()) header.clear();
    read_here_ = read_here_.value_or(header) == header ? header : std::string();
}

bool Guards::reads_another_address() const {
    return real_ip_ && !same_header(real_ip_header_, read_here_.value_or("")) && real_ip_header_ != "proxy_protocol";
}

const Directive* Guards::unheld() const {
    if (others_.empty() || (any_ && by_address())) return nullptr;
    return others_.begin()->second;
}

void Guards::note(Notes& notes) const {
    for (const auto& [name, directive] : others_)
        if (any_ && by_address())
            notes.lost(*directive,
                       "ACCESS CONTROL IS NOT CARRIED OVER: of those whom `satisfy any` lets in by this, none gets in "
                       "here; only the addresses of `allow` do");
    if (by_address() && reads_another_address())
        notes.lost(*addresses_.front(),
                   fmt::format("ACCESS CONTROL IS NOT CARRIED OVER: nginx goes by the address in {} here, which its "
                               "listener does not read: what it guards is closed (403)",
                               real_ip_header_));
    for (const Directive* directive : addresses_)
        if (!named(*directive))
            notes.lost(*directive, directive->name == "allow"
                                       ? "no address block: nobody is let in by it"
                                       : "no address block: everybody is refused, until it is taken out");
}

Formula other_methods(const Directive& limit_except) {
    Condition condition;
    condition.key = {Key::Source::method, {}};
    condition.test = Condition::Test::in;
    condition.values = limit_except.args;
    // GET stands for HEAD too.
    const auto has = [&](std::string_view method) {
        return std::ranges::find(condition.values, method) != condition.values.end();
    };
    if (has("GET") && !has("HEAD")) condition.values.emplace_back("HEAD");
    return negated(Formula::of(std::move(condition)));
}

}  // namespace switchyard::config::nginx
