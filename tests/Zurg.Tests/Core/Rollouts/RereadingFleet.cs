using Zurg.Core;
using Zurg.Protocol;
using Zurg.Tests.Support;

namespace Zurg.Tests.Core.Rollouts;

/// <summary>
/// The brains of a world's agents, whose processes do at once what is asked of them, and its decider when it is there. Each
/// second is a round: decided, assigned, done, reported.
/// </summary>
internal sealed class RereadingFleet
{
    private readonly SortedDictionary<HostId, AgentState> _agents = [];
    private int _pids = 100;

    public RereadingFleet(World world)
    {
        World = world;
        foreach (var host in world.State.Facts.Keys)
        {
            _agents[host] = new AgentState { Host = host };
            Say(host, new AgentInput.Begun(new Epoch(1), []));
        }
    }

    public World World { get; private set; }

    /// <summary>Instances whose process was asked to end.</summary>
    public List<string> Signalled { get; } = [];

    /// <summary>Of endpoints of web, since the files changed.</summary>
    public int LeastListed { get; private set; } = int.MaxValue;

    public int Outdated => _agents.Values.SelectMany(a => AgentReport.Of(a, 1).Instances).Count(i => i.Outdated is not null);

    public void Settle()
    {
        for (var round = 0; round < 200 && !(World.Plan().IsConverged && Outdated == 0); round++)
        {
            Round(decides: true);
        }
    }

    public void Round(bool decides)
    {
        World = World.After(TimeSpan.FromSeconds(1));
        if (decides)
        {
            // Everybody who was told of a set uses it a second later.
            World = World.Commit(World.Plan());
            foreach (var host in _agents.Keys.ToList())
            {
                Say(host, new AgentInput.Assigned(AssignmentView.Of(World.State, host)!));
            }

            World = World.Confirm();
        }

        foreach (var host in _agents.Keys.ToList())
        {
            Say(host, new AgentInput.Tick());
            World = World.Put(
                StoreKeys.Facts(host),
                World.State.Facts[host] with { Instances = AgentReport.Of(_agents[host], 1).Instances },
                WireJson.Default.HostFacts);
            LeastListed = Math.Min(LeastListed, Listed);
        }
    }

    public void ChangeFiles()
    {
        LeastListed = Listed;
        foreach (var (host, agent) in _agents.ToList())
        {
            foreach (var own in agent.Instances.Values)
            {
                Say(host, new AgentInput.TemplateChanged(
                    own.Assigned.Instance, own.Incarnation, new TemplateSpec("a.hbs", "a.conf", TemplateThen.Restart)));
            }
        }
    }

    private int Listed => World.Naming.SetOf(new ServiceName("web")).Endpoints.Length;

    private void Say(HostId host, AgentInput input)
    {
        var commit = AgentMachine.Step(_agents[host], input, World.Now);
        _agents[host] = commit.State;
        foreach (var effect in commit.Effects)
        {
            if (Answer(effect) is { } answer)
            {
                Say(host, answer);
            }
        }
    }

    private AgentInput? Answer(AgentEffect effect)
    {
        switch (effect)
        {
            case AgentEffect.Prepare(var assigned, var incarnation):
                return new AgentInput.Prepared(assigned.Instance, incarnation, AgentWords.Launch());
            case AgentEffect.Start(var assigned, var incarnation, _):
                return new AgentInput.Started(assigned.Instance, incarnation, AgentWords.Pid(++_pids));
            case AgentEffect.AwaitIdle wait:
                return new AgentInput.InFlight(wait.Instance, wait.Incarnation, new InFlightCount(0, InFlightBy.Sockets));
            case AgentEffect.Signal signal:
                Assert.DoesNotContain(
                    World.Naming.SetOf(signal.Instance.Service).Endpoints, e => e.Instance == signal.Instance);
                Signalled.Add(signal.Instance.Value);
                return new AgentInput.Exited(signal.Instance, signal.Incarnation, AgentWords.Code(0));
            case AgentEffect.KillTree kill:
                return new AgentInput.TreeGone(kill.Instance, kill.Incarnation);
            default:
                return null;
        }
    }
}
