#include "control/admin/call/body.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/text/document.h"
#include "config/text/duration.h"
#include "config/text/nearest.h"
#include "config/text/pointer.h"

namespace switchyard::control {
namespace {

std::optional<std::uint64_t> whole_number(const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

Result<Json> parse_body(const AdminRequest& request, bool empty_is_object) {
    if (request.body.empty()) {
        if (empty_is_object) return Json::object();
        return problems::bad_request("the body is empty; expected JSON");
    }
    auto read = config::read_document(request.body);
    if (!read.document) {
        const auto& error = read.errors.front();
        return problems::bad_request(error.pointer.empty()
                                         ? "the body is " + error.detail
                                         : fmt::format("the body at {} is {}", error.pointer, error.detail));
    }
    if (!read.errors.empty()) return problems::invalid(std::move(read.errors), "body");
    return std::move(*read.document);
}

CallBody::CallBody(const Json& object, std::string pointer, std::initializer_list<std::string_view> known)
    : object_(object), pointer_(std::move(pointer)) {
    if (!object.is_object()) {
        errors_.push_back({pointer_, fmt::format("must be an object, is {}", object.type_name())});
        return;
    }
    const std::vector<std::string> words(known.begin(), known.end());
    for (const auto& [key, value] : object.items())
        if (std::find(words.begin(), words.end(), key) == words.end())
            errors_.push_back({config::pointer_to(pointer_, key), "unknown key " + config::unknown_word(key, words)});
}

const Json* CallBody::find(std::string_view key) const {
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(std::string(key));
    return it == object_.end() ? nullptr : &*it;
}

std::string CallBody::pointer(std::string_view key) const {
    return config::pointer_to(pointer_, key);
}

void CallBody::wrong(std::string_view key, std::string detail) {
    errors_.push_back({pointer(key), std::move(detail)});
}

void CallBody::take(const CallBody& inner) {
    errors_.insert(errors_.end(), inner.errors_.begin(), inner.errors_.end());
}

std::optional<std::string> CallBody::text(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_string()) return value->get<std::string>();
    wrong(key, fmt::format("must be a string, is {}", value->type_name()));
    return std::nullopt;
}

std::string CallBody::required_text(std::string_view key) {
    if (find(key) == nullptr && object_.is_object()) wrong(key, "is required");
    return text(key).value_or("");
}

std::optional<std::uint64_t> CallBody::number(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_number_unsigned()) return value->get<std::uint64_t>();
    wrong(key, "must be a whole number, 0 or more");
    return std::nullopt;
}

std::optional<bool> CallBody::flag(std::string_view key) {
    const auto* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->is_boolean()) return value->get<bool>();
    wrong(key, "must be true or false");
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> CallBody::duration(std::string_view key) {
    const auto word = text(key);
    if (!word) return std::nullopt;
    std::string why;
    const auto value = config::parse_duration(*word, &why);
    if (!value) wrong(key, why);
    return value;
}

std::optional<Problem> CallBody::problem() const {
    if (errors_.empty()) return std::nullopt;
    return problems::invalid(errors_, "body");
}

Result<std::uint64_t> query_number(const AdminRequest& request, const std::string& name, std::uint64_t otherwise) {
    const auto text = request.query_value(name);
    if (!text) return otherwise;
    if (const auto value = whole_number(*text)) return *value;
    return problems::bad_request(fmt::format("?{} must be a whole number, is {:?}", name, *text));
}

Result<std::chrono::milliseconds> query_wait(const AdminRequest& request) {
    const auto text = request.query_value("wait");
    if (!text) return std::chrono::milliseconds(0);
    std::string why;
    const auto parsed = config::parse_duration(*text, &why);
    if (!parsed) return problems::bad_request("?wait: " + why);
    return std::min<std::chrono::milliseconds>(*parsed, kLongestWait);
}

Result<std::uint64_t> place_number(const AdminRequest& request, std::size_t place) {
    if (const auto value = whole_number(request.places.at(place))) return *value;
    return problems::bad_request(fmt::format("{:?} is not a generation number", request.places.at(place)));
}

}  // namespace switchyard::control
