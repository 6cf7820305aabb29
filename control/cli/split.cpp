// switchyard split ROUTE blue=90 green=10: the weights of a route.
#include <fmt/format.h>

#include <charconv>

#include "control/cli/verbs.h"

namespace switchyard::control::cli {

void add_split(CLI::App& app, Options& options, Action& action) {
    auto* verb = add_verb(app, options, "split", "Set the weights of a route's split",
                          "switchyard split forum blue=90 green=10");
    add_change_options(*verb, options);
    auto route = std::make_shared<std::string>();
    auto weights = std::make_shared<std::vector<std::string>>();
    verb->add_option("ROUTE", *route, "the route's name")->required();
    verb->add_option("WEIGHTS", *weights, "UPSTREAM=WEIGHT …; upstreams that are left out go to 0")
        ->required()
        ->expected(1, 64);
    verb->callback([&, route, weights] {
        action = [&, route, weights]() -> int {
            Json body = Json::object();
            for (const auto& word : *weights) {
                const auto equals = word.rfind('=');
                std::uint32_t weight = 0;
                const char* end = word.data() + word.size();
                const bool pair = equals != std::string::npos && equals != 0 && equals + 1 != word.size();
                const auto read =
                    pair ? std::from_chars(word.data() + equals + 1, end, weight) : std::from_chars_result{};
                if (!pair || read.ec != std::errc{} || read.ptr != end) {
                    fmt::print(
                        stderr,
                        "switchyard: {} is not UPSTREAM=WEIGHT with a whole number, such as blue=90; nothing was "
                        "done\n",
                        word);
                    return kUsage;
                }
                const auto upstream = word.substr(0, equals);
                if (upstream.find_first_of("=,;") != std::string::npos) {
                    fmt::print(stderr,
                               "switchyard: {}: weights stand apart, such as blue=90 green=10; nothing was done\n",
                               word);
                    return kUsage;
                }
                if (body.contains(upstream)) {
                    fmt::print(stderr, "switchyard: {} is there twice; nothing was done\n", upstream);
                    return kUsage;
                }
                body[upstream] = weight;
            }
            return change(options, "PUT", "/v1/routes/" + path_segment(*route) + "/split", body);
        };
    });
}

}  // namespace switchyard::control::cli
