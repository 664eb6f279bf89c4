Console.WriteLine("zurg 0.1.0");
