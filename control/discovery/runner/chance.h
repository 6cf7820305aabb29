// A pause that differs from client to client: those that were refused together come back one by one.
//
// Threads: any; each has its own chance.
#pragma once

#include <chrono>
#include <random>

namespace switchyard::control::discovery {

inline std::chrono::milliseconds less_up_to(double share, std::chrono::milliseconds pause) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    const auto least = static_cast<double>(pause.count()) * (1 - share);
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(
        std::uniform_real_distribution<double>(least, static_cast<double>(pause.count()))(random)));
}

}  // namespace switchyard::control::discovery
