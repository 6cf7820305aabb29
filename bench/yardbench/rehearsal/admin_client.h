// The few calls of Switchyard's admin API that a rehearsal makes. Each answer carries the times it is judged by.
//
// Threads: one. Errors: a change that was not done is ok = false with the API's own words in `detail`.
#pragma once

#include <string>

#include "bench/yardbench/switching/http_call.h"
#include "bench/yardbench/switching/switcher.h"

namespace yardbench {

class AdminClient {
  public:
    AdminClient(const Url& admin, const std::string& token)
        : call_(admin), headers_{"Authorization: Bearer " + token, "X-Reason: yardbench rehearse"} {}

    SwitchAnswer switch_to(const std::string& route, const std::string& upstream);
    // All weights of the route's split; what is not named gets nothing.
    SwitchAnswer split(const std::string& route, const std::string& one, unsigned weight, const std::string& other,
                       unsigned other_weight);
    // `leads_to`: the colour that generation sends everything to.
    SwitchAnswer undo(std::uint64_t generation, const std::string& leads_to);
    // The generation in force; 0 with the reason in `error` when it cannot be had.
    std::uint64_t generation(std::string& error);

  private:
    SwitchAnswer change(const std::string& method, const std::string& path, const std::string& body,
                        const std::string& to);

    HttpCall call_;
    const std::vector<std::string> headers_;
};

}  // namespace yardbench
