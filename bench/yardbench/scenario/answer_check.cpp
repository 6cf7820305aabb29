#include "bench/yardbench/scenario/answer_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace yardbench {
namespace {

using Json = nlohmann::json;

// RFC 6901: ~1 is a slash, ~0 the sign itself.
std::string unescaped(std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escape = part[i] == '~' && i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1');
        out += !escape ? part[i] : part[++i] == '1' ? '/' : '~';
    }
    return out;
}

// Follows a pointer whose parts may be "*": any element. nullptr when it leads nowhere.
const Json* follow(const Json& from, std::string_view pointer, const Lot& lot) {
    const Json* at = &from;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::size_t slash = std::min(pointer.find('/'), pointer.size());
        const std::string part = unescaped(pointer.substr(0, slash));
        pointer.remove_prefix(slash);
        if (at->is_array()) {
            if (at->empty()) return nullptr;
            std::size_t index = 0;
            if (part == "*")
                index = lot(at->size());
            else if (const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
                     error != std::errc() || end != part.data() + part.size())
                return nullptr;
            if (index >= at->size()) return nullptr;
            at = &(*at)[index];
        } else if (at->is_object() && at->contains(part)) {
            at = &(*at)[part];
        } else {
            return nullptr;
        }
    }
    return at;
}

std::string plain(const Json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

bool status_right(const Step& step, unsigned status) {
    if (step.expect_status.empty()) return status < 400;
    return std::find(step.expect_status.begin(), step.expect_status.end(), status) != step.expect_status.end();
}

}  // namespace

AnswerCheck check_answer(const Step& step, const ResponseReader& response, std::uint64_t turn, const Captured& captured,
                         const Lot& lot) {
    AnswerCheck check;
    if (!status_right(step, response.status())) {
        check.why = fmt::format("status {}", response.status());
        return check;
    }
    for (const auto& [name, part] : step.expect_headers)
        if (response.header(name).find(part) == std::string_view::npos) {
            check.why = fmt::format("header {} does not contain '{}'", name, part);
            return check;
        }
    const bool captures_due = std::any_of(step.captures.begin(), step.captures.end(), [&](const Capture& capture) {
        return !capture.from_header && turn % capture.every == 0;
    });
    Json body;
    if (captures_due || !step.expect_json.empty() || !step.acknowledge.empty()) {
        body = Json::parse(response.body(), nullptr, false);
        if (body.is_discarded()) {
            check.why = "the body is not JSON";
            return check;
        }
    }
    for (const JsonExpectation& expected : step.expect_json) {
        const Json* found = follow(body, expected.pointer, lot);
        if ((found != nullptr) != expected.exists || (expected.has_value && *found != expected.value)) {
            check.why = fmt::format("{} is {}", expected.pointer, found == nullptr ? "not there" : found->dump());
            return check;
        }
    }
    for (const Capture& capture : step.captures) {
        if (turn % capture.every != 0) continue;
        if (capture.from_header) {
            if (const auto value = response.header(capture.where); !value.empty())
                captured(capture.variable, std::string(value));
        } else if (const Json* found = follow(body, capture.where, lot); found != nullptr && !found->is_null()) {
            // null is how a list says that there is no next page: nothing to go on with.
            captured(capture.variable, plain(*found));
        }
    }
    if (!step.acknowledge.empty()) {
        const Json* found = follow(body, step.acknowledge, lot);
        if (found == nullptr) {
            check.why = step.acknowledge + " is not in the answer";
            return check;
        }
        check.acknowledged = plain(*found);
    }
    check.right = true;
    return check;
}

}  // namespace yardbench
