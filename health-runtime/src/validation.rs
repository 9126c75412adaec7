//! Rules for the whole set of checks.

use std::{collections::HashMap, time::Duration};

use crate::{
    error::Problem,
    model::{CheckSpec, Group, Level},
    suggest::Suggestions,
    text::is_unprintable,
};

/// Maximum length of a name for people and of an owner.
const MAX_LABEL_CHARACTERS: usize = 200;

/// The dependencies of checks, by index.
pub(crate) struct Graph {
    pub(crate) dependencies: Vec<Vec<usize>>,
    /// Every check behind the checks that it depends on, if there is no circle.
    pub(crate) order: Vec<usize>,
}

/// Validates checks that are sorted by name within a level, and finds the indices of their dependencies.
pub(crate) fn resolve(specs: &[&CheckSpec], problems: &mut Vec<Problem>) -> Graph {
    let mut by_name: HashMap<&str, usize> = HashMap::new();
    for (index, spec) in specs.iter().enumerate() {
        check_alone(spec, problems);
        if let Some(&first) = by_name.get(spec.name()) {
            problems.push(duplicate_name(specs[first], spec));
        } else {
            by_name.insert(spec.name(), index);
        }
    }
    let mut suggestions = Suggestions::new(by_name.keys().copied());
    let dependencies: Vec<Vec<usize>> =
        specs.iter().map(|spec| find_dependencies(spec, &by_name, &mut suggestions, problems)).collect();
    let (order, cycles) = sort(&dependencies);
    check_liveness(specs, &dependencies, &order, problems);
    problems.extend(cycles.into_iter().map(|cycle| Problem::DependencyCycle {
        path: cycle.into_iter().map(|index| specs[index].name().to_owned()).collect(),
    }));
    Graph { dependencies, order }
}

/// Reports two checks of one name.
pub(crate) fn duplicate_name(first: &CheckSpec, second: &CheckSpec) -> Problem {
    let crates = first.declared_in().zip(second.declared_in()).filter(|(first, second)| first != second);
    Problem::DuplicateName {
        name: second.name().to_owned(),
        first: first.location(),
        second: second.location(),
        crates: crates.map(|(first, second)| [first, second]),
    }
}

/// Applies the rules for a single check. The macro has applied them to declared checks already.
fn check_alone(spec: &CheckSpec, problems: &mut Vec<Problem>) {
    let check = || spec.name().to_owned();
    let location = spec.location();
    if spec.name().is_empty() || spec.name().contains(char::is_control) {
        problems.push(Problem::InvalidName { name: check(), location });
    }
    if spec.is_in(Group::Liveness) && spec.level() != Level::L5 {
        problems.push(Problem::DeepLiveness { check: check(), location });
    }
    let note = spec.override_note();
    if spec.timeout() == Duration::ZERO {
        problems.push(match &*note {
            "" => Problem::ZeroTimeout { check: check(), location },
            note => {
                let fault = format!("its timeout is zero; set a longer one, such as 2 s{note}");
                Problem::Misconfigured { check: check(), location, fault }
            }
        });
    }
    let labels = [("display name", spec.display()), ("owner", spec.owner())];
    let labels = labels.into_iter().filter_map(|(label, text)| Some(format!("its {label} {}", label_fault(text?)?)));
    let faults = spec.faults().map(|fault| format!("{fault}{note}")).chain(labels);
    problems.extend(faults.map(|fault| Problem::Misconfigured { check: check(), location, fault }));
}

/// Returns the fault of a text for people. The macro has the same rule.
fn label_fault(text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("is blank; write a visible text, or remove it")
    } else if text.contains(is_unprintable) {
        Some("has control characters or invisible ones; remove them")
    } else if text.chars().count() > MAX_LABEL_CHARACTERS {
        Some("is longer than 200 characters; shorten it")
    } else {
        None
    }
}

/// A blocked check fails, so a liveness check must not depend, even transitively, on a check that reaches outside the
/// process. `order` has every check behind those that it depends on.
fn check_liveness(specs: &[&CheckSpec], dependencies: &[Vec<usize>], order: &[usize], problems: &mut Vec<Problem>) {
    let reaches_deep = reach_deep(specs, dependencies);
    // The deep checks behind each liveness check, which others take over. No path is walked twice for a chain.
    let mut known: Vec<Option<Vec<usize>>> = vec![None; specs.len()];
    let mut seen_for = vec![None; specs.len()];
    for index in order.iter().copied().filter(|index| specs[*index].is_in(Group::Liveness)) {
        let mut deep = Vec::new();
        let mut to_visit = dependencies[index].clone();
        while let Some(next) = to_visit.pop() {
            if !reaches_deep[next] || seen_for[next].replace(index) == Some(index) {
                continue;
            }
            if specs[next].level() != Level::L5 {
                deep.push(next);
            }
            match &known[next] {
                Some(behind) => {
                    deep.extend(behind.iter().filter(|deep| seen_for[**deep].replace(index) != Some(index)));
                }
                None => to_visit.extend(&dependencies[next]),
            }
        }
        known[index] = Some(deep);
    }
    for (index, deep) in known.into_iter().enumerate() {
        problems.extend(deep.into_iter().flatten().map(|deep| Problem::Misconfigured {
            check: specs[index].name().to_owned(),
            location: specs[index].location(),
            fault: format!(
                "it is in the liveness group and depends on `{}` of level {}, whose failure would restart the whole \
                 fleet; remove the dependency, or make the check `readiness`",
                specs[deep].name(),
                specs[deep].level().number()
            ),
        }));
    }
}

/// Returns for each check whether it, or one that it depends on, reaches outside the process.
fn reach_deep(specs: &[&CheckSpec], dependencies: &[Vec<usize>]) -> Vec<bool> {
    let mut dependents = vec![Vec::new(); specs.len()];
    for (index, dependencies) in dependencies.iter().enumerate() {
        for dependency in dependencies {
            dependents[*dependency].push(index);
        }
    }
    let mut reaches_deep = vec![false; specs.len()];
    let mut to_visit: Vec<usize> = (0..specs.len()).filter(|index| specs[*index].level() != Level::L5).collect();
    while let Some(next) = to_visit.pop() {
        if !std::mem::replace(&mut reaches_deep[next], true) {
            to_visit.extend(&dependents[next]);
        }
    }
    reaches_deep
}

fn find_dependencies(
    spec: &CheckSpec,
    by_name: &HashMap<&str, usize>,
    suggestions: &mut Suggestions<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<usize> {
    let mut found = Vec::new();
    for dependency in spec.dependencies() {
        match by_name.get(dependency.as_str()) {
            Some(&index) if found.contains(&index) => {}
            Some(&index) => found.push(index),
            None => problems.push(Problem::UnknownDependency {
                check: spec.name().to_owned(),
                location: spec.location(),
                dependency: dependency.clone(),
                suggestion: suggest(dependency, spec, suggestions),
            }),
        }
    }
    found
}

/// Returns the most similar name, with the prefix of the check first if it has one.
fn suggest(dependency: &str, spec: &CheckSpec, suggestions: &mut Suggestions<'_>) -> Option<String> {
    let prefixed = spec.name().rsplit_once('.').map(|(prefix, _)| format!("{prefix}.{dependency}"));
    let own = prefixed.and_then(|prefixed| suggestions.nearest(&prefixed, Some(spec.name())));
    own.or_else(|| suggestions.nearest(dependency, Some(spec.name())))
}

/// Sorts the checks behind their dependencies, and finds circles. Without recursion, so that a chain of any length is
/// safe.
fn sort(dependencies: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        Unseen,
        OnPath,
        Done,
    }
    let mut marks = vec![Mark::Unseen; dependencies.len()];
    let mut order = Vec::with_capacity(dependencies.len());
    let mut cycles = Vec::new();
    for start in 0..dependencies.len() {
        // The path from `start` down, with the number of visited dependencies of each check.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::Unseen {
            marks[start] = Mark::OnPath;
            path.push((start, 0));
        }
        while let Some((node, visited)) = path.last_mut() {
            let Some(&next) = dependencies[*node].get(*visited) else {
                marks[*node] = Mark::Done;
                order.push(*node);
                path.pop();
                continue;
            };
            *visited += 1;
            match marks[next] {
                Mark::Unseen => {
                    marks[next] = Mark::OnPath;
                    path.push((next, 0));
                }
                Mark::OnPath => {
                    cycles.push(path.iter().map(|(node, _)| *node).skip_while(|node| *node != next).collect());
                }
                Mark::Done => {}
            }
        }
    }
    (order, cycles)
}
