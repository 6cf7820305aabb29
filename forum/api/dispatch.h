// From a call to its answer: find the endpoint, find out who calls, ask whether they may, let the noun answer.
//
// Threads: any. Never throws: what goes wrong becomes a problem answer.
#pragma once

#include <span>
#include <string_view>

#include "forum/api/endpoint.h"

namespace forum {

struct Dispatched {
    Answer answer;
    std::string_view operation;  // of the endpoint, "unknown" when there is none
    std::string failure;         // for the log when something unforeseen happened
};

class Dispatcher {
  public:
    Dispatcher(Service& service, std::span<const Endpoint> endpoints);

    Dispatched dispatch(Call& call);

  private:
    struct Found {
        const Endpoint* endpoint = nullptr;
        std::string allowed;  // methods that this path has, when the method was wrong
    };
    Found find(Call& call) const;
    Answer answer_for(const Endpoint& endpoint, Call& call);

    Service& service_;
    std::span<const Endpoint> endpoints_;
};

}  // namespace forum
