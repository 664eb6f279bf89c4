using System.Text.Json;
using Zurg.Core;
using Zurg.Protocol;

namespace Zurg.Tests.Support;

/// <summary>
/// A host where anything may happen next, by seed: hands that answer late, processes that end, masters that repeat themselves, an
/// agent that dies, a clock that jumps. What must hold is checked at every step.
/// </summary>
internal sealed class AgentWorld(ulong seed)
{
    private readonly MemoryAgentJournal _journal = new();
    private readonly List<AgentEffect> _asked = [];
    private readonly SortedDictionary<(InstanceId Instance, Incarnation Incarnation), int> _alive = [];
    private readonly HashSet<(InstanceId, Incarnation)> _prepared = [];
    private Prng _prng = new(seed);
    private AgentState _state = new() { Host = AgentWords.Host };
    private DateTimeOffset _now = AgentWords.Start;
    private long _generation;
    private int _pids = 100;

    public AgentState State => _state;

    public void Run(int steps)
    {
        Reboot();
        for (var i = 0; i < steps; i++)
        {
            Next();
        }
    }

    /// <summary>Nothing is assigned any more and everybody answers.</summary>
    public void Quieten()
    {
        Say(AgentWords.Assign(++_generation));
        for (var i = 0; i < 300 && !(_state.Instances.IsEmpty && _asked.Count == 0); i++)
        {
            Tick(TimeSpan.FromSeconds(1));
            while (_asked.Count > 0)
            {
                Answer(_asked[0]);
            }
        }
    }

    public bool NothingRuns => _alive.Count == 0;

    private void Next()
    {
        switch (_prng.Next(14))
        {
            case 0 or 1:
                Say(Assignment());
                break;
            case 2 or 3 when _alive.Count > 0:
                End(_alive.Keys.ElementAt(_prng.Next(_alive.Count)), AgentWords.Code(1));
                break;
            case 4:
                Reboot();
                break;
            case 5 when _prng.Next(5) == 0:
                _now += TimeSpan.FromSeconds(_prng.Next(20_000) - 10_000);
                break;
            case 6 when _alive.Count > 0:
                var (instance, incarnation) = _alive.Keys.ElementAt(_prng.Next(_alive.Count));
                var then = (TemplateThen)_prng.Next(4);
                Say(new AgentInput.TemplateChanged(instance, incarnation, new TemplateSpec("a", "b", then, "HUP")));
                break;
            case 7 when _alive.Count > 0:
                var (probed, by) = _alive.Keys.ElementAt(_prng.Next(_alive.Count));
                Say(new AgentInput.Probed(probed, by, new ProbeAnswer(_prng.Next(2) == 0, "no")));
                break;
            case 8 or 9 or 10:
                Tick(TimeSpan.FromMilliseconds(1 + _prng.Next(1000)));
                break;
            default:
                if (_asked.Count > 0)
                {
                    Answer(_asked[_prng.Next(Math.Min(_asked.Count, 3))]);
                }

                break;
        }
    }

    private AgentInput.Assigned Assignment()
    {
        var instances = Enumerable.Range(0, 3).Where(_ => _prng.Next(4) > 0).Select(index =>
            AgentWords.Assigned(
                new InstanceId(new ServiceName("web"), index), $"{1 + _prng.Next(2)}.0.0", probe: _prng.Next(3) > 0) with
            {
                Restarts = _prng.Next(2),
                Ends = _prng.Next(4) == 0
                    ? _state.Instances.GetValueOrDefault(new InstanceId(new ServiceName("web"), index))?.Incarnation
                    : null,
                Next = _prng.Next(3) == 0 ? NextOf(new InstanceId(new ServiceName("web"), index)) : null,
                Stop = _prng.Next(3) switch
                {
                    0 => AgentWords.Stop,
                    1 => AgentWords.Patient,
                    _ => AgentWords.Patient with { Command = null, Drain = TimeSpan.FromSeconds(1) },
                },
                Wanted = (WantedPhase)(_prng.Next(8) switch { 0 => 0, 1 => 2, _ => 1 }),
            });
        var old = _prng.Next(6) == 0;
        return AgentWords.Assign(old ? _generation - 1 : ++_generation, [.. instances]);
    }

    private NextInstance NextOf(InstanceId instance)
    {
        var next = AgentWords.Assigned(instance, $"{2 + _prng.Next(2)}.0.0");
        return new NextInstance(next.Spec, next.SpecDigest, next.Manifest);
    }

    private void Tick(TimeSpan by)
    {
        _now += by;
        var commit = Say(new AgentInput.Tick());
        Assert.True(!(commit.WakeAt <= _now), "a wake-up that is due again at once would be a hot loop");
    }

    /// <summary>The agent dies; what its hands were doing dies with it, what runs goes on.</summary>
    private void Reboot()
    {
        foreach (var start in _asked.OfType<AgentEffect.Start>().ToArray())
        {
            if (_prng.Next(2) == 0)
            {
                _alive[(start.Assigned.Instance, start.Incarnation)] = ++_pids;
            }
        }

        _asked.Clear();
        _prepared.Clear();
        var content = _journal.Load();
        _state = content.State;
        Say(new AgentInput.Begun(content.Epoch, []));
    }

    private void End((InstanceId Instance, Incarnation Incarnation) who, ProcessExit exit)
    {
        _alive.Remove(who);
        if (!_asked.OfType<AgentEffect.Find>().Any(f => f.Assigned.Instance == who.Instance))
        {
            Say(new AgentInput.Exited(who.Instance, who.Incarnation, exit));
        }
    }

    private void Answer(AgentEffect effect)
    {
        // Hands do what is asked of one instance in the order in which it was asked.
        var first = _asked.First(e => InstanceOf(e) == InstanceOf(effect));
        _asked.Remove(first);
        switch (first)
        {
            case AgentEffect.Prepare(var assigned, var incarnation):
                var fails = _prng.Next(4) == 0;
                _prepared.Add((assigned.Instance, incarnation));
                Say(fails
                    ? new AgentInput.PrepareFailed(assigned.Instance, incarnation, AgentWords.Held)
                    : new AgentInput.Prepared(assigned.Instance, incarnation, AgentWords.Launch()));
                break;
            case AgentEffect.PrepareNext(var assigned, var release):
                var problem = _prng.Next(3) == 0 ? AgentWords.Held : null;
                Say(new AgentInput.NextChecked(assigned.Instance, assigned.SpecDigest, release, problem));
                break;
            case AgentEffect.Start(var assigned, var incarnation, _) when _prng.Next(5) == 0:
                Say(new AgentInput.StartFailed(assigned.Instance, incarnation, AgentWords.Held));
                break;
            case AgentEffect.Start(var assigned, var incarnation, _):
                _alive[(assigned.Instance, incarnation)] = ++_pids;
                Say(new AgentInput.Started(assigned.Instance, incarnation, AgentWords.Pid(_pids)));
                break;
            case AgentEffect.Find(var assigned, var incarnation, _, _):
                var found = _alive.TryGetValue((assigned.Instance, incarnation), out var pid) ? AgentWords.Pid(pid) : null;
                Say(new AgentInput.Found(assigned.Instance, incarnation, found));
                break;
            case AgentEffect.KillTree(var instance, var incarnation, _):
                if (_alive.ContainsKey((instance, incarnation)))
                {
                    End((instance, incarnation), AgentWords.Killed(9));
                }

                Say(new AgentInput.TreeGone(instance, incarnation));
                break;
            case AgentEffect.RunStopCommand(var assigned, var incarnation, _) when _prng.Next(4) > 0:
                Say(new AgentInput.StopCommandEnded(assigned.Instance, incarnation, _prng.Next(2) == 0 ? "exit code 1" : null));
                break;
            case AgentEffect.AwaitIdle(var instance, var incarnation, _, _, _) wait:
                var count = new InFlightCount(_prng.Next(3), (InFlightBy)_prng.Next(4));
                Say(new AgentInput.InFlight(instance, incarnation, count));
                if (!count.IsNothing && _prng.Next(4) > 0)
                {
                    _asked.Add(wait);
                }

                break;
            case AgentEffect.EndWait(var instance, _):
                _asked.RemoveAll(e => e is (AgentEffect.AwaitIdle or AgentEffect.RunStopCommand) && InstanceOf(e) == instance);
                break;
            case AgentEffect.Reload(var assigned, var incarnation, _, _, var signal, var sentAt):
                var progress = (ReloadProgress)_prng.Next(3);
                Say(new AgentInput.ReloadTold(
                    assigned.Instance, incarnation, signal, sentAt, progress, _prng.Next(2) == 0 ? AgentWords.Held : null));
                if (progress != ReloadProgress.Done)
                {
                    _asked.Add(first);
                }

                break;
            case AgentEffect.Signal(var instance, var incarnation, _, "TERM") when _prng.Next(2) == 0:
                if (_alive.ContainsKey((instance, incarnation)))
                {
                    End((instance, incarnation), AgentWords.Code(0));
                }

                break;
        }
    }

    private AgentCommit Say(AgentInput input)
    {
        var before = _state;
        var commit = AgentMachine.Step(before, input, _now);
        Assert.Equal(Text(commit), Text(AgentMachine.Step(before, input, _now)));
        Assert.Equal(Text(commit), Text(AgentMachine.Step(ThroughJson(before), input, _now)));
        foreach (var (instance, next) in commit.State.Instances)
        {
            CheckForward(before.Instances.GetValueOrDefault(instance), next);
        }

        if (input is AgentInput.Assigned assigned && assigned.Assignment.Generation < before.Assignment?.Generation)
        {
            // Records may have been moved in time by a clock that jumped.
            Assert.True(commit is { Assignment: null, Effects: [], Events: [] }, "an older generation changed something");
        }

        _journal.Write(commit);
        var records = commit.State.Instances.Values.Select(i => JsonSerializer.Serialize(i, JournalJson.Default.InstanceState));
        Assert.Equal(records, _journal.Records);
        _state = commit.State;
        foreach (var effect in commit.Effects)
        {
            Ask(effect);
        }

        return commit;
    }

    private void Ask(AgentEffect effect)
    {
        if (effect is AgentEffect.Start start)
        {
            Assert.Contains((start.Assigned.Instance, start.Incarnation), _prepared);
            Assert.DoesNotContain(_alive.Keys, alive => alive.Instance == start.Assigned.Instance);
            Assert.DoesNotContain(
                _asked.OfType<AgentEffect.Start>(), other => other.Assigned.Instance == start.Assigned.Instance);
        }

        _asked.Add(effect);
    }

    private static void CheckForward(InstanceState? old, InstanceState next)
    {
        if (old?.Incarnation == next.Incarnation)
        {
            Assert.True(next.Phase >= old.Phase, $"{next.Assigned.Instance} went back from {old.Phase} to {next.Phase}");
        }
        else
        {
            Assert.True(!(next.Incarnation < old?.Incarnation), "an incarnation went back");
        }
    }

    private static AgentState ThroughJson(AgentState state)
    {
        var journal = new MemoryAgentJournal();
        var records = state.Instances.ToDictionary(i => i.Key, i => (InstanceState?)i.Value);
        journal.Write(new AgentCommit
        {
            State = state,
            Assignment = state.Assignment,
            Events = [.. state.Events],
            Records = System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(records),
        });
        var loaded = journal.Load().State;
        return loaded with { Seen = state.Seen, Seed = state.Seed, Sought = state.Sought, ShuttingDown = state.ShuttingDown };
    }

    private static string Text(AgentCommit commit) => string.Join('\n',
        commit.State.Instances.Values.Select(i => JsonSerializer.Serialize(i, JournalJson.Default.InstanceState))
            .Concat(commit.Records.Where(r => r.Value is null).Select(r => $"{r.Key} forgotten"))
            .Concat(commit.Events.Select(e => JsonSerializer.Serialize(e, JournalJson.Default.EventRecord)))
            .Concat(commit.Effects.Select(e => $"{e.GetType().Name} {InstanceOf(e)}"))
            .Append($"{commit.ReportNow} {commit.Durable} {commit.WakeAt:O} {commit.EventsKept}"));

    private static InstanceId InstanceOf(AgentEffect effect) => effect.Subject;
}
