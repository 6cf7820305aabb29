#include "control/rollout/runner/check_verdict.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>

namespace switchyard::control::rollout {

namespace {

using Json = nlohmann::ordered_json;
using Found = std::variant<double, std::string>;  // the number, or why there is none

// What others say, as long as a line may be.
std::string a_line_of(std::string text) {
    constexpr std::size_t kMost = 200;
    if (text.size() <= kMost) return text;
    std::size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;  // not within a character
    return text.substr(0, end) + "…";
}

const Json* at_key(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

std::string text_at(const Json& object, const char* key) {
    const Json* found = at_key(object, key);
    return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

// Prometheus writes numbers as text.
Found sample_value(const Json& sample) {
    if (!sample.is_array() || sample.size() != 2 || !sample[1].is_string()) return "the answer has no value";
    const auto& text = sample[1].get_ref<const std::string&>();
    if (text == "NaN" || text == "+Inf" || text == "-Inf") return "the value is " + text;
    double value = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return "the value is no number: " + a_line_of(text);
    return value;
}

Found by_query(const Json& answer) {
    if (text_at(answer, "status") == "error") return "the query failed: " + a_line_of(text_at(answer, "error"));
    const Json* data = at_key(answer, "data");
    const Json* result = data != nullptr ? at_key(*data, "result") : nullptr;
    if (text_at(answer, "status") != "success" || result == nullptr)
        return "the answer is not that of a Prometheus server";
    const std::string type = text_at(*data, "resultType");
    if (type == "scalar") return sample_value(*result);
    if (type != "vector" || !result->is_array())
        return "the query gives " + (type.empty() ? "nothing known" : "a " + a_line_of(type)) + ", not one value";
    if (result->empty()) return "the query gives no value: no series matches";
    if (result->size() > 1)
        return fmt::format("the query gives {} series, not one value: sum(…) makes one of them", result->size());
    const Json* sample = at_key(result->front(), "value");
    return sample != nullptr ? sample_value(*sample) : "the answer has no value";
}

Found by_pointer(const Json& answer, const std::string& pointer) {
    const Json::json_pointer at(pointer);
    if (!answer.contains(at)) return "there is nothing at " + pointer + " in the answer";
    const Json& found = answer.at(at);
    if (!found.is_number()) return "what stands at " + pointer + " is no number: " + a_line_of(found.dump());
    const double value = found;
    if (!std::isfinite(value)) return "the value is not finite";
    return value;
}

std::string number_text(double value) {
    return fmt::format("{:.6g}", value);
}

CheckVerdict compared(const HttpCheck& check, double value) {
    const std::string said = number_text(value);
    if (check.below && !(value < *check.below)) return {false, said + " is not below " + number_text(*check.below)};
    if (check.above && !(value > *check.above)) return {false, said + " is not above " + number_text(*check.above)};
    std::string why = said + " is ";
    if (check.below) why += "below " + number_text(*check.below);
    if (check.below && check.above) why += " and ";
    if (check.above) why += "above " + number_text(*check.above);
    return {true, std::move(why)};
}

}  // namespace

CheckVerdict judge(const HttpCheck& check, const HttpOutcome& outcome) {
    if (check.kind == HttpCheck::Kind::status || outcome.status == 0) return {outcome.ok(), outcome.error};
    const bool query = check.kind == HttpCheck::Kind::prometheus;
    const Json answer = Json::parse(outcome.body, nullptr, false);
    if (!outcome.ok()) {
        const std::string more = query ? a_line_of(text_at(answer, "error")) : "";
        return {false, outcome.error + (more.empty() ? "" : ": " + more)};
    }
    if (outcome.body.empty()) return {false, "the answer is empty"};
    if (answer.is_discarded()) return {false, "the answer is not JSON"};
    const Found found = query ? by_query(answer) : by_pointer(answer, check.what);
    if (const auto* why = std::get_if<std::string>(&found)) return {false, *why};
    return compared(check, std::get<double>(found));
}

}  // namespace switchyard::control::rollout
