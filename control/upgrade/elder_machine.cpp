#include "control/upgrade/elder_machine.h"

#include <utility>

namespace switchyard::control::upgrade {

std::vector<ElderMachine::Act> ElderMachine::to(Phase next, std::vector<Act> acts) {
    phase_ = next;
    return acts;
}

std::vector<ElderMachine::Act> ElderMachine::on(Event event) {
    const bool fails = event == Event::refused || event == Event::gone || event == Event::late;
    switch (phase_) {
        case Phase::hello:
            if (event == Event::hello) return to(Phase::rehearsal, {Act::rehearse});
            if (fails) return to(Phase::over, {Act::end_it, Act::failed});
            break;
        case Phase::rehearsal:
            if (event == Event::ready) return to(Phase::freeze, {Act::freeze});
            if (fails) return to(Phase::over, {Act::end_it, Act::failed});
            break;
        case Phase::freeze:
            if (event == Event::frozen) return to(Phase::takeover, {Act::hand_over});
            if (fails) return to(Phase::over, {Act::end_it, Act::thaw, Act::failed});
            break;
        case Phase::takeover:
            if (event == Event::serving) return to(Phase::probation, {Act::park});
            // It may have begun to write before it died.
            if (fails) return to(Phase::over, {Act::end_it, Act::take_back, Act::thaw, Act::failed});
            break;
        case Phase::probation:
            if (event == Event::steady) return to(Phase::drain, {Act::let_go, Act::done});
            if (event == Event::ends) return to(Phase::drain, {Act::let_go});
            if (fails) return to(Phase::over, {Act::end_it, Act::take_back, Act::thaw, Act::failed});
            break;
        case Phase::drain:
            // Whatever comes after it, this one has no listeners any more.
            if (event == Event::drained) return to(Phase::over, {Act::exit});
            break;
        case Phase::over:
            break;
    }
    return {};
}

const char* word(ElderMachine::Phase phase) {
    switch (phase) {
        case ElderMachine::Phase::hello:
            return "hello";
        case ElderMachine::Phase::rehearsal:
            return "rehearsal";
        case ElderMachine::Phase::freeze:
            return "freeze";
        case ElderMachine::Phase::takeover:
            return "takeover";
        case ElderMachine::Phase::probation:
            return "probation";
        case ElderMachine::Phase::drain:
            return "drain";
        case ElderMachine::Phase::over:
            break;
    }
    return "over";
}

}  // namespace switchyard::control::upgrade
