// An endpoint with known answers on a thread of its own, for as long as the object lives; and plans that lead to it.
#pragma once

#include <arpa/inet.h>

#include <cstring>
#include <thread>

#include "bench/yardbench/endpoint/known_endpoint.h"
#include "bench/yardbench/engine/plan.h"

namespace yardbench {

class RunningEndpoint {
  public:
    explicit RunningEndpoint(KnownEndpoint::Settings settings)
        : endpoint_(settings), thread_([this] { endpoint_.run(); }) {}
    ~RunningEndpoint() {
        endpoint_.stop();
        thread_.join();
    }
    KnownEndpoint* operator->() { return &endpoint_; }

  private:
    KnownEndpoint endpoint_;
    std::thread thread_;
};

inline Plan plan_for(std::uint16_t port) {
    Plan plan;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::memcpy(&plan.address, &address, sizeof address);
    plan.address_length = sizeof address;
    plan.connections = 8;
    plan.duration = 300 * kMillisecond;
    return plan;
}

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: known\r\n\r\n";

}  // namespace yardbench
