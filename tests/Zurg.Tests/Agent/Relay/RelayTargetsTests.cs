using Zurg.Agent.Relay;
using Zurg.Protocol;
using Zurg.Tests.Agent.Local;
using Zurg.Tests.Support;

namespace Zurg.Tests.Agent.Relay;

public sealed class RelayTargetsTests
{
    private readonly ManualTime _time = new();
    private readonly RelayTargets _targets;

    public RelayTargetsTests() => _targets = new RelayTargets(port: null, _time, seed: 1);

    [Fact]
    public void Each_is_picked_once_for_one_connection_and_then_none_is_left()
    {
        Take(NamingFixtures.At("web.0", 1), NamingFixtures.At("web.1", 2));
        var tried = new List<RelayTarget>();
        while (_targets.Pick(tried) is { } target)
        {
            tried.Add(target);
        }

        Assert.Equal([1, 2], tried.Select(t => t.Address.Port).Order());
    }

    [Fact]
    public void One_that_did_not_take_a_connection_comes_last_for_a_second()
    {
        Take(NamingFixtures.At("web.0", 1), NamingFixtures.At("web.1", 2));
        var refused = _targets.Pick([])!;
        _targets.Avoid(refused);
        _time.Advance(RelayTargets.AvoidFor - TimeSpan.FromMilliseconds(1));
        Assert.All(Enumerable.Range(0, 20), _ => Assert.NotSame(refused, _targets.Pick([])));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Contains(Enumerable.Range(0, 20), _ => _targets.Pick([]) == refused);
    }

    [Fact]
    public void What_is_known_of_an_endpoint_outlives_a_newer_set_and_what_has_left_is_unlisted()
    {
        Take(NamingFixtures.At("web.0", 1), NamingFixtures.At("web.1", 2));
        var (first, changed) = (Picked(1), _targets.Changed());
        var second = Picked(2);
        Assert.False(changed.IsCompleted);
        Take(NamingFixtures.At("web.0", 1));
        Assert.True(changed.IsCompleted, "who waits for another set is told");
        Assert.False(_targets.Changed().IsCompleted);
        Assert.Same(first, Picked(1));
        Assert.True(first.Listed);
        Assert.False(second.Listed);
    }

    private RelayTarget Picked(int port) =>
        Enumerable.Range(0, 50).Select(_ => _targets.Pick([])!).First(t => t.Address.Port == port);

    private void Take(params Endpoint[] endpoints) => _targets.Take(NamingFixtures.Set("web", 1, endpoints));
}
