#include "bench/yardbench/rehearsal/admin_client.h"

#include <nlohmann/json.hpp>

namespace yardbench {
namespace {

using Json = nlohmann::json;

std::uint64_t generation_in(const std::string& body) {
    const Json parsed = Json::parse(body, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("generation") || !parsed["generation"].is_number_unsigned()) return 0;
    return parsed["generation"].get<std::uint64_t>();
}

std::string words(const HttpAnswer& answer) {
    return answer.status == 0 ? answer.error : std::to_string(answer.status) + ' ' + answer.body;
}

}  // namespace

SwitchAnswer AdminClient::change(const std::string& method, const std::string& path, const std::string& body,
                                 const std::string& to) {
    const HttpAnswer answer = call_(method, path, headers_, body);
    SwitchAnswer result{to, answer.asked, answer.answered, generation_in(answer.body), answer.status == 200, {}};
    if (!result.ok) result.detail = words(answer);
    return result;
}

SwitchAnswer AdminClient::switch_to(const std::string& route, const std::string& upstream) {
    return change("POST", "/v1/routes/" + route + "/switch", Json{{"to", upstream}}.dump(), upstream);
}

SwitchAnswer AdminClient::split(const std::string& route, const std::string& one, unsigned weight,
                                const std::string& other, unsigned other_weight) {
    return change("PUT", "/v1/routes/" + route + "/split", Json{{one, weight}, {other, other_weight}}.dump(),
                  kAnyColour);
}

SwitchAnswer AdminClient::undo(std::uint64_t generation, const std::string& leads_to) {
    return change("POST", "/v1/undo", Json{{"to", generation}}.dump(), leads_to);
}

std::uint64_t AdminClient::generation(std::string& error) {
    const HttpAnswer answer = call_("GET", "/v1/status", headers_, "");
    const std::uint64_t found = answer.status == 200 ? generation_in(answer.body) : 0;
    if (found == 0) error = words(answer);
    return found;
}

}  // namespace yardbench
