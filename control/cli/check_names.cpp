#include "control/cli/check_names.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>

#include "config/model.h"
#include "config/text/pointer.h"
#include "control/names/names.h"

namespace switchyard::control::cli {

std::vector<config::Error> names_without_address(const config::Model& model) {
    boost::asio::io_context io{1};
    AddressBook book([] { return 0.0; });
    const auto names = names_of(model);
    const auto all_known = [&] {
        for (const auto& name : names)
            if (!book.had_outcome(name)) return false;
        return true;
    };
    NameWatch watch(
        io.get_executor(), model.process.resolver, book, [] {}, NameWatch::Files{});
    book.introduce(names, std::chrono::steady_clock::now());
    watch.look();
    while (!all_known() && io.run_one() != 0) {
    }
    watch.stop();

    std::vector<config::Error> out;
    for (const auto& [upstream, settings] : model.upstreams)
        for (std::size_t i = 0; i < settings.endpoints.size(); ++i) {
            const auto& address = settings.endpoints[i].address;
            if (address.kind != config::Address::Kind::name || !book.known().find(address.host).empty()) continue;
            const auto at = config::pointer_to(config::pointer_to("/upstreams", upstream) + "/endpoints", i);
            out.push_back({at + "/address", fmt::format("no address of {} is known now: {}; until there is one this "
                                                        "endpoint cannot be used",
                                                        address.host, book.sight(address.host).why)});
        }
    return out;
}

}  // namespace switchyard::control::cli
