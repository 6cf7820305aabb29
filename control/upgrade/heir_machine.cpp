#include "control/upgrade/heir_machine.h"

namespace switchyard::control::upgrade {

std::vector<HeirMachine::Act> HeirMachine::to(Phase next, std::vector<Act> acts) {
    phase_ = next;
    return acts;
}

std::vector<HeirMachine::Act> HeirMachine::on(Event event) {
    if (event == Event::abort && phase_ != Phase::alone && phase_ != Phase::over) return to(Phase::over, {Act::exit});
    const bool gone = event == Event::gone;
    switch (phase_) {
        case Phase::meeting:
            if (event == Event::rehearse) return to(Phase::waiting, {Act::rehearse});
            if (gone) return to(Phase::over, {Act::exit});
            break;
        case Phase::waiting:
            if (event == Event::state) return to(Phase::taking, {Act::take});
            if (gone || event == Event::refused) return to(Phase::over, {Act::exit});
            break;
        case Phase::taking:
            if (event == Event::adopted) return to(Phase::serving, {Act::say_serving});
            if (gone) return to(Phase::orphaned, {});
            break;
        case Phase::orphaned:
            if (event == Event::adopted) return to(Phase::alone, {Act::take_charge, Act::settle});
            break;
        case Phase::serving:
            if (event == Event::committed) return to(Phase::probation, {Act::take_charge});
            if (gone) return to(Phase::alone, {Act::take_charge, Act::settle});
            break;
        case Phase::probation:
            if (event == Event::alone || gone) return to(Phase::alone, {Act::settle});
            break;
        case Phase::alone:
        case Phase::over:
            break;
    }
    return {};
}

}  // namespace switchyard::control::upgrade
