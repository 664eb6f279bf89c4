namespace Zurg.Simulation;

/// <summary>
/// Which faults a seed may draw, and how often: a different mix each time, so that rare pairs of faults occur (SAFETY.md section
/// 8).
/// </summary>
internal sealed class SimFaults
{
    public SimFaults(Sim sim)
    {
        StoreFault = Drawn(0.02);
        JournalFault = Drawn(0.05);
        Crash = Drawn(0.3);
        Cut = Drawn(0.3);
        Repeat = Drawn(0.2);
        Exit = Drawn(0.2);
        PrepareFails = Drawn(0.1);
        Reboot = Drawn(0.1);
        JournalLost = Drawn(0.05);
        CutOff = Drawn(0.1);
        FileChanges = Drawn(0.1);

        double Drawn(double most) => sim.Chance(0.7) ? most * (1 + sim.Next(10)) / 10 : 0;
    }

    /// <summary>Off while the cluster heals at the end.</summary>
    public bool On { get; set; } = true;

    /// <summary>Per call.</summary>
    public double StoreFault { get; }

    /// <summary>Per write.</summary>
    public double JournalFault { get; }

    /// <summary>A second: an agent is killed; the master half as often.</summary>
    public double Crash { get; }

    /// <summary>A second: a session is cut.</summary>
    public double Cut { get; }

    /// <summary>Per message: an old one arrives once more.</summary>
    public double Repeat { get; }

    /// <summary>A second: some process exits.</summary>
    public double Exit { get; }

    /// <summary>Per prepare.</summary>
    public double PrepareFails { get; }

    /// <summary>A second: an agent is killed, and its journal is lost.</summary>
    public double JournalLost { get; }

    /// <summary>A second: a host loses its power.</summary>
    public double Reboot { get; }

    /// <summary>A second: no session of a host is open for a while, and everything on it runs on.</summary>
    public double CutOff { get; }

    /// <summary>A second: a generated file of one service changes on all hosts at once.</summary>
    public double FileChanges { get; }
}
