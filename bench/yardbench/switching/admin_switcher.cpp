#include <nlohmann/json.hpp>

#include "bench/yardbench/switching/http_call.h"
#include "bench/yardbench/switching/switcher.h"

namespace yardbench {
namespace {

class AdminSwitcher : public Switcher {
  public:
    AdminSwitcher(const Url& admin, const std::string& route, const std::string& token)
        : call_(admin), path_("/v1/routes/" + route + "/switch"), headers_{"Authorization: Bearer " + token} {}

    SwitchAnswer to(const std::string& colour) override {
        const nlohmann::json body{{"to", colour}};
        const HttpAnswer answer = call_("POST", path_, headers_, body.dump());
        SwitchAnswer result{colour, answer.asked, answer.answered, 0, answer.status == 200, {}};
        const nlohmann::json receipt = nlohmann::json::parse(answer.body, nullptr, false);
        if (receipt.is_object() && receipt.contains("generation") && receipt["generation"].is_number_unsigned())
            result.generation = receipt["generation"].get<std::uint64_t>();
        if (!result.ok)
            result.detail = answer.status == 0 ? answer.error : std::to_string(answer.status) + ' ' + answer.body;
        return result;
    }

  private:
    HttpCall call_;
    const std::string path_;
    const std::vector<std::string> headers_;
};

}  // namespace

std::unique_ptr<Switcher> admin_switcher(const Url& admin, const std::string& route, const std::string& token) {
    return std::make_unique<AdminSwitcher>(admin, route, token);
}

}  // namespace yardbench
