// A thread beside control's: it has a name, and signals are not its affair.
#pragma once

#include <pthread.h>

#include <csignal>
#include <functional>
#include <thread>
#include <utility>

namespace switchyard::control {

// `name`: at most 15 octets, for those who look at the process.
inline std::thread side_thread(const char* name, std::function<void()> work) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    std::thread thread([name, work = std::move(work)] {
        pthread_setname_np(pthread_self(), name);
        work();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace switchyard::control
