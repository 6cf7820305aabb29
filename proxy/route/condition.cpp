#include "proxy/route/condition.h"

#include <algorithm>

#include "proxy/http/characters.h"
#include "proxy/route/claims.h"

namespace switchyard::route {
std::string_view value_of(const config::Key& key, const std::string& lower_name, const RequestFacts& facts,
                          std::string& scratch) {
    using Source = config::Key::Source;
    switch (key.source) {
        case Source::header:
            return facts.header(lower_name);
        case Source::cookie:
            return facts.cookie(key.name);
        case Source::query:
            return facts.query_value(key.name);
        case Source::claim:
            // A token may say what it likes of a certificate: it is not asked.
            if (key.name.starts_with("client."))
                return facts.certificate != nullptr ? facts.certificate->value(key.name) : std::string_view{};
            return facts.claims != nullptr ? facts.claims->value(key.name) : std::string_view{};
        case Source::client: {
            char text[64];
            scratch.assign(text, facts.client.write(text));
            return scratch;
        }
        case Source::method:
            return facts.method;
        case Source::path:
            return facts.path;
        case Source::host:
            return facts.host;
    }
    return {};
}

Condition::Condition(const config::Condition& source, unsigned workers)
    : kind_(source.kind), key_(source.key), lower_name_(source.key.name), test_(source.test), values_(source.values) {
    for (char& c : lower_name_) c = http::lower(c);
    for (const auto& child : source.children) children_.emplace_back(child, workers);
    if (kind_ != config::Condition::Kind::test) return;
    // Hosts are compared in lower case, however they are written.
    if (key_.source == config::Key::Source::host && test_ != config::Condition::Test::matches)
        for (auto& value : values_)
            for (char& c : value) c = http::lower(c);
    if (key_.source == config::Key::Source::client) networks_ = CidrSet(values_);
    if (test_ == config::Condition::Test::matches)
        expression_ = std::make_shared<const Expression>(values_.at(0), workers);
}

bool Condition::refused() const {
    return (expression_ && expression_->refused()) ||
           std::any_of(children_.begin(), children_.end(), [](const Condition& c) { return c.refused(); });
}

bool Condition::holds(const RequestFacts& facts) const {
    using Kind = config::Condition::Kind;
    switch (kind_) {
        case Kind::all:
            return std::all_of(children_.begin(), children_.end(), [&](const Condition& c) { return c.holds(facts); });
        case Kind::any:
            return std::any_of(children_.begin(), children_.end(), [&](const Condition& c) { return c.holds(facts); });
        case Kind::negate:
            return !children_.front().holds(facts);
        case Kind::test:
            return test(facts);
    }
    return false;
}

bool Condition::test(const RequestFacts& facts) const {
    using Test = config::Condition::Test;
    if (key_.source == config::Key::Source::client) return networks_.contains(facts.client);
    std::string scratch;
    const std::string_view value = value_of(key_, lower_name_, facts, scratch);
    if (value.data() == nullptr) return false;
    switch (test_) {
        case Test::present:
            return true;
        case Test::equals:
        case Test::in:
            return std::find(values_.begin(), values_.end(), value) != values_.end();
        case Test::prefix:
            return value.starts_with(values_.at(0));
        case Test::matches:
            return expression_->found_in(value);
    }
    return false;
}

}  // namespace switchyard::route
