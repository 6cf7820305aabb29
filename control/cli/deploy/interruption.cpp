#include "control/cli/deploy/interruption.h"

#include <csignal>

namespace switchyard::control::cli::deploy {
namespace {

volatile std::sig_atomic_t came = 0;

void note_signal(int number) {
    came = number;
}

}  // namespace

void heed_interruptions() {
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

int interruption() {
    return came;
}

}  // namespace switchyard::control::cli::deploy
