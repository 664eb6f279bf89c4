using System.Threading.Channels;
using Zurg.Agent.Processes;
using Zurg.Core;

namespace Zurg.Agent.Local;

/// <summary>What one process says: so much is under way in it, and what it goes by.</summary>
/// <param name="Epoch">Handed back from the word that it goes by, 0 when that had none; null: it does not know of epochs.</param>
internal sealed record SelfAnswer(int Count, SelfState State, long? Epoch = null)
{
    /// <summary>It had this word when it counted; without an epoch its state is all that there is to go by.</summary>
    public bool Heard(SelfWord wanted) => Epoch is null || Epoch == (wanted.Epoch ?? 0);

    public bool GoesBy(SelfWord wanted) => State == wanted.State && Heard(wanted);
}

/// <summary>What one incarnation is told of itself, and what its processes say.</summary>
internal sealed class SelfEntry
{
    private readonly Dictionary<ProcessIdentity, SelfAnswer> _said = [];
    private readonly List<Channel<bool>> _ears = [];
    private AgentInput.SelfTold? _told;

    public required SelfWord Wanted { get; set; }

    public void Listen(Channel<bool> ear) => _ears.Add(ear);

    public void Leave(Channel<bool> ear) => _ears.Remove(ear);

    public void Wake() => _ears.ForEach(ear => ear.Writer.TryWrite(true));

    public void End() => _ears.ForEach(ear => ear.Writer.TryComplete());

    /// <returns>False when too many processes count.</returns>
    public bool Take(ProcessIdentity process, SelfAnswer answer)
    {
        if (!_said.ContainsKey(process) && _said.Count >= SelfDesk.CountersMax)
        {
            return false;
        }

        _said[process] = answer;
        Wake();
        return true;
    }

    /// <summary>Null while nobody has said anything.</summary>
    /// <param name="allBack">Nobody who counted for an earlier agent can still be on the way back.</param>
    public InFlightWord? Counted(bool allBack)
    {
        if (_said.Count == 0)
        {
            return null;
        }

        // What was under way in a process that ended is over.
        foreach (var process in _said.Keys.Where(p => !ProcessStat.IsAlive(p)).ToList())
        {
            _said.Remove(process);
        }

        return new InFlightWord(_said.Values.Sum(c => c.Count), allBack && _said.Values.All(c => c.State == Wanted.State));
    }

    /// <summary>Somebody speaks, and the brain does not know yet that all do as they are told: to be looked at again.</summary>
    public bool IsOpen(InstanceState known) =>
        _said.Count > 0
        && ((Wanted.Epoch is { } epoch && known.Heard != epoch) || (Wanted.State == SelfState.Refusing && !known.Refuses));

    /// <summary>What is to be told to the brain; null when it knows that, or is about to.</summary>
    /// <param name="allBack">As in Counted. Until then nothing new is proven, and what was is not taken back.</param>
    public AgentInput.SelfTold? News(InstanceState known, bool allBack)
    {
        if (_said.Count == 0)
        {
            return null;
        }

        var refuses = (allBack || known.Refuses)
            && AllLiving(a => a.State == SelfState.Refusing && a.Heard(Wanted));
        var heeds = (allBack || known.Heard == Wanted.Epoch) && AllLiving(a => a.GoesBy(Wanted));
        var told = new AgentInput.SelfTold(
            known.Assigned.Instance, known.Incarnation, refuses, heeds ? Wanted.Epoch : null);
        var isKnown = known.Counts && known.Refuses == refuses
            && (Wanted.Epoch is null || (known.Heard == Wanted.Epoch) == heeds);
        if (isKnown && (_told is null || _told == told))
        {
            return null;
        }

        return _told = told;
    }

    /// <summary>One that forks does as it is told once all of its processes do; those that ended do nothing.</summary>
    private bool AllLiving(Func<SelfAnswer, bool> does) =>
        _said.All(s => does(s.Value) || !ProcessStat.IsAlive(s.Key))
        && _said.Any(s => does(s.Value) && ProcessStat.IsAlive(s.Key));
}
